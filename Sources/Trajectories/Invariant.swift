/// A number that the laws of a system bound: what every emitted frame is held to, and what a verdict reports of a model.
public struct Invariant: Sendable {
  /// What is looked at along a trajectory.
  public enum Measure: Sendable, Equatable {
    /// |value − value in the trajectory's first frame|.
    case drift
    /// |value − this|.
    case deviation(from: Double)
    /// The value, which must not be larger than the limit.
    case largest
    /// The value, which must not be smaller than the limit.
    case smallest
  }

  /// The name of its score, such as `energy drift per site`.
  public var name: String
  public var unit: String
  public var measure: Measure
  /// Beyond this a frame of the system itself is refused; nil for a number that is only reported.
  public var limit: Double?
  /// Whether a verdict reports it.
  public var isScored: Bool
  public var value: @Sendable (State<Double>) -> Double
  /// Why a frame is refused: from its value and that of the trajectory's first frame.
  public var complaint: @Sendable (_ value: Double, _ first: Double) -> String
  /// The same from the refused state itself, where the value alone does not say enough, such as which site.
  public var explanation: (@Sendable (State<Double>) -> String)?

  public init(
    _ name: String, unit: String = "", measure: Measure, limit: Double?, isScored: Bool = true,
    value: @escaping @Sendable (State<Double>) -> Double,
    complaint: @escaping @Sendable (_ value: Double, _ first: Double) -> String
  ) {
    self.name = name
    self.unit = unit
    self.measure = measure
    self.limit = limit
    self.isScored = isScored
    self.value = value
    self.complaint = complaint
  }

  /// How far a value is along its measure: what is compared with the limit.
  public func extent(of value: Double, first: Double) -> Double {
    switch measure {
    case .drift: abs(value - first)
    case .deviation(let expected): abs(value - expected)
    case .largest, .smallest: value
    }
  }

  /// Whether a value breaks the law; one that is not a number does.
  public func isBroken(by value: Double, first: Double) -> Bool {
    guard let limit else { return false }
    let extent = extent(of: value, first: first)
    return measure == .smallest ? !(extent >= limit) : !(extent <= limit)
  }
}
