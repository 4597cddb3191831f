#if canImport(Glibc)
  import Glibc
#endif

/// g(t) after the quench, as a change of the model's coupling: time 0 is the quench.
///
/// A coupling that changes does work on the lattice: its energy is then not conserved.
public enum CouplingSchedule: Codable, Sendable, Equatable {
  /// The sudden quench: g stays what the parameters say.
  case constant
  /// g until `start`, then linearly to `target` within `duration`.
  case ramp(to: Double, start: Double, duration: Double)
  /// g + height · exp(−(t − centre)²/2 width²).
  case pulse(height: Double, centre: Double, width: Double)
  /// g + amplitude · sin(2π t/period).
  case oscillation(amplitude: Double, period: Double)
  /// Straight lines between points, the first and last value before and after them.
  case points([Point])

  public struct Point: Codable, Sendable, Equatable {
    public var time: Double
    public var coupling: Double

    public init(time: Double, coupling: Double) {
      self.time = time
      self.coupling = coupling
    }
  }

  /// g at one time, where the model's own coupling is `g`.
  public func coupling(at time: Double, from g: Double) -> Double {
    switch self {
    case .constant: return g
    case .ramp(let target, let start, let duration):
      return g + (target - g) * min(max((time - start) / duration, 0), 1)
    case .pulse(let height, let centre, let width):
      let x = (time - centre) / width
      return g + height * exp(-x * x / 2)
    case .oscillation(let amplitude, let period): return g + amplitude * sin(2 * .pi * time / period)
    case .points(let points):
      guard let next = points.firstIndex(where: { $0.time > time }) else { return points.last?.coupling ?? g }
      guard next > 0 else { return points[0].coupling }
      let (a, b) = (points[next - 1], points[next])
      return a.coupling + (b.coupling - a.coupling) * (time - a.time) / (b.time - a.time)
    }
  }

  /// - Throws: `SystemError` for durations, widths and periods that are not positive, and points out of order.
  public func validate() throws(SystemError) {
    func check(_ isSound: Bool, _ message: String) throws(SystemError) {
      guard isSound else { throw SystemError(.invalidParameter, message, key: "schedule") }
    }
    switch self {
    case .constant: break
    case .ramp(let target, let start, let duration):
      try check(
        target.isFinite && start.isFinite && duration.isFinite && duration > 0,
        "a ramp needs a duration above 0, got \(duration)")
    case .pulse(let height, let centre, let width):
      try check(
        height.isFinite && centre.isFinite && width.isFinite && width > 0, "a pulse needs a width above 0, got \(width)"
      )
    case .oscillation(let amplitude, let period):
      try check(
        amplitude.isFinite && period.isFinite && period > 0, "an oscillation needs a period above 0, got \(period)")
    case .points(let points):
      let times = points.map(\.time)
      try check(
        !points.isEmpty && points.allSatisfy { $0.time.isFinite && $0.coupling.isFinite }
          && zip(times, times.dropFirst()).allSatisfy { $0 < $1 },
        "the points of a coupling need finite numbers and rising times, got \(times)")
    }
  }
}
