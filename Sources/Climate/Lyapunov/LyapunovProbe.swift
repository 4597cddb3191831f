internal import Foundation

/// The largest Lyapunov exponents of the truth and of models, from the same states by the same estimator.
public struct LyapunovProbe: Sendable {
  /// Maps a state at a time to the state one frame later.
  public typealias Stepper = (_ state: [Double], _ time: Double) throws -> [Double]

  /// A state that both are measured from.
  public struct Start: Sendable, Equatable {
    /// The state's vector, (D).
    public var state: [Double]
    /// In the system's unit, for systems that change in time.
    public var time: Double

    public init(state: [Double], time: Double) {
      self.state = state
      self.time = time
    }
  }

  /// Relative to the length of a state: well above the round-off of single precision, which surrogates compute in.
  public static let distance = 1e-4
  public static let estimator = "λ1/two-trajectory-1e-4"

  public let starts: [Start]
  /// Frames of each average; a fifth as many run before it.
  public let frames: Int
  /// Time between two frames.
  public let interval: Double

  public init(starts: [Start], frames: Int, interval: Double) {
    self.starts = starts
    self.frames = frames
    self.interval = interval
  }

  /// The exponent from each start; nil where there is none.
  /// - Parameter stepper: Makes the map for one start: the system's own, or a model's predictor, one frame at a time.
  /// - Throws: What the stepper throws.
  public func exponents(_ stepper: (Start) throws -> Stepper) throws -> [LargestExponent?] {
    try starts.map { start in
      try LargestExponent(
        from: start.state, at: start.time, distance: Self.distance, timeStep: interval, transient: frames / 5,
        steps: frames, step: try stepper(start))
    }
  }

  /// Exponents of a model beside those of the truth, which are measured once.
  public func comparison(model: [LargestExponent?], truth: [LargestExponent?]) -> LyapunovComparison {
    LyapunovComparison(estimator: Self.estimator, model: model, truth: truth, frames: frames)
  }

  /// The time after which single precision has forgotten its start: ln(0.4/6·10⁻⁸)/λ; nil for a truth that is not chaotic.
  public static func predictability(_ truth: [LargestExponent?]) -> Double? {
    let found = truth.compactMap(\.self)
    guard !found.isEmpty else { return nil }
    let mean = found.reduce(0) { $0 + $1.value } / Double(found.count)
    let error = found.compactMap(\.standardError).max() ?? 0
    return mean > 2 * error && mean > 0 ? log(0.4 / 6e-8) / mean : nil
  }
}
