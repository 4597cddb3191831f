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
  ///   - configuration: The quench; `dt` is halved for comparison.
  ///   - trajectories: Which.
  ///   - frames: Frames to look at.
  ///   - threshold: Of |difference of Δρ|, in standard deviations of Δρ over all trajectories and frames (0.4 is the valid
  ///     prediction time's).
  /// - Throws: `LatticeError` for a configuration that makes no sense.
  public init(
    _ configuration: EnsembleConfiguration, trajectories: Range<Int>, frames: Int, threshold: Double = 0.4,
    workers: Int = 1
  ) throws(LatticeError) {
    var reference = try HolsteinEnsemble(configuration, trajectories: trajectories, workers: workers)
    let starts = reference.advance()
    // The same first frames for all, so that what is compared begins at the first frame, not at the quench.
    var halved = configuration
    halved.dt /= 2
    halved.saveEvery *= 2
    halved.preSteps *= 2
    func order(_ ensemble: inout HolsteinEnsemble) -> [[Double]] {
      let rows = (1..<frames).map { _ in ensemble.advance().map { $0.state.deltaRho } }
      return starts.indices.map { k in rows.map { $0[k] } }
    }
    func from(_ states: [LatticeState], _ configuration: EnsembleConfiguration) throws(LatticeError) -> [[Double]] {
      var ensemble = try HolsteinEnsemble(
        states: states, parameters: configuration.parameters, dt: configuration.dt, saveEvery: configuration.saveEvery,
        integrator: configuration.integrator, workers: workers)
      _ = ensemble.advance()
      return order(&ensemble)
    }
    let truth = order(&reference)
    let fine = try from(starts.map(\.state), halved)
    let rounded = try from(
      starts.map { frame in
        var state = frame.state
        state.rho = state.rho.map { Double(Float($0)) }
        state.q = state.q.map { Double(Float($0)) }
        state.p = state.p.map { Double(Float($0)) }
        return state
      }, configuration)
    let values = truth.flatMap(\.self)
    let mean = values.reduce(0, +) / Double(values.count)
    let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    func times(_ other: [[Double]]) -> [Double?] {
      zip(truth, other).map { truth, other in
        zip(truth, other).enumerated().first { abs($1.0 - $1.1) > threshold * deviation }
          .map { Double($0.offset + 1) * configuration.frameInterval }
      }
    }
    timeStep = times(fine)
    singlePrecision = times(rounded)
  }
}
