internal import Trajectories

/// How long a trajectory can be known at all: the ceiling on any surrogate's valid time.
///
/// The time until two computations of one trajectory differ by more than a threshold: dt against dt/2 (the integrator's
/// error) and double precision against a start rounded to single (what a surrogate is given).
public struct Predictability: Sendable, Equatable {
  /// By trajectory: dt and dt/2 agree so long; nil where they agree to the end.
  public let timeStep: [Double?]
  /// By trajectory: the trajectory and the one from the start rounded to single precision agree so long.
  public let singlePrecision: [Double?]

  /// - Parameters:
  ///   - system: Its `dt` is halved for comparison.
  ///   - trajectories: Which.
  ///   - frames: Frames to look at.
  ///   - observable: What is compared; the system's first when nil.
  ///   - threshold: Of |difference of the observable|, in its standard deviations over all trajectories and frames (0.4 is
  ///     the valid prediction time's).
  /// - Throws: `SystemError` for what the system cannot do, or an observable that it does not have.
  public init(
    _ system: some DynamicalSystem, seed: UInt64, trajectories: Range<Int>, frames: Int, observable: String? = nil,
    threshold: Double = 0.4, workers: Int = 1
  ) throws {
    guard let observable = observable.map(system.observable) ?? system.observables.first else {
      throw SystemError(
        .invalidParameter,
        "\(system.name) has no observable \(observable ?? ""); it has "
          + system.allObservables.map(\.name).joined(separator: ", "))
    }
    func series(_ ensemble: inout any Ensemble) throws -> [[Double]] {
      let rows = try (1..<max(2, frames)).map { _ in try ensemble.advance().map { observable.value($0.state) } }
      return rows[0].indices.map { k in rows.map { $0[k] } }
    }
    var reference = try system.ensemble(trajectories, seed: seed, workers: workers)
    let starts = try reference.advance()
    let truth = try series(&reference)
    // From the same first frames, so that what is compared begins there; starts at times of their own go one by one.
    func rest(_ system: some DynamicalSystem, _ start: (State<Double>) -> State<Double>) throws -> [[Double]] {
      let isTogether = starts.allSatisfy { $0.time == starts[0].time }
      return try (isTogether ? [starts] : starts.map { [$0] }).flatMap { starts in
        var ensemble = try system.ensemble(
          from: starts.map { start($0.state) }, firstTime: starts[0].time, workers: workers)
        _ = try ensemble.advance()
        return try series(&ensemble)
      }
    }
    let halved = try system.with(dt: system.dt / 2, saveEvery: system.saveEvery * 2, midInterval: false)
    let fine = try rest(halved) { $0 }
    let rounded = try rest(system) { $0.single.double }
    let values = truth.flatMap(\.self)
    let mean = values.reduce(0, +) / Double(values.count)
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    func times(_ other: [[Double]]) -> [Double?] {
      zip(truth, other).map { truth, other in
        zip(truth, other).enumerated().first { abs($1.0 - $1.1) > threshold * deviation }
          .map { Double($0.offset + 1) * system.interval }
      }
    }
    timeStep = times(fine)
    singlePrecision = times(rounded)
  }
}
