public import Trajectories

/// The one-dimensional semiclassical Holstein model after a quench, in Ehrenfest dynamics (docs/physics.md).
///
/// A state is [ρ (L, L, 2), Q (L), P (L)]; `LatticeState` is its view.
public struct HolsteinSystem: DynamicalSystem, PublishedErrors, Equatable {
  public static let word = "holstein"
  public static let summary = "Quenches of the 1D semiclassical Holstein model."

  /// Everything that determines its trajectories but their seed.
  public let configuration: EnsembleConfiguration
  public let layout: StateLayout
  /// What a store of an earlier version says, which does not tell how its trajectories began.
  let legacy: [String: Attribute]?

  /// - Throws: `SystemError` for a configuration that makes no sense.
  public init(_ configuration: EnsembleConfiguration) throws(SystemError) {
    try self.init(configuration, legacy: nil)
  }

  init(_ configuration: EnsembleConfiguration, legacy: [String: Attribute]?) throws(SystemError) {
    try configuration.validate()
    self.configuration = configuration
    self.legacy = legacy
    layout = Self.layout(sites: configuration.sites)
  }

  public static func layout(sites: Int) -> StateLayout { LatticeState.layout(sites: sites) }

  /// L of a layout whose fields are ρ, Q and P of a chain; nil for others.
  public static func sites(of layout: StateLayout) -> Int? { LatticeState.sites(of: layout) }

  public var sites: Int { configuration.sites }
  public var parameters: HolsteinParameters { configuration.parameters }
  public var schedule: CouplingSchedule { configuration.schedule }

  public var dt: Double { configuration.dt }
  public var saveEvery: Int { configuration.saveEvery }
  public var hasMids: Bool { configuration.midInterval }
  public var timeUnit: String { "ħ/t_hop" }

  public func ensemble(_ numbers: Range<Int>, seed: UInt64, workers: Int = 1) throws(SystemError) -> any Ensemble {
    guard legacy == nil else {
      throw SystemError(
        .invalidAttribute,
        "the store was written by an earlier version and does not say how its trajectories began; they can be gone on"
          + " with from its frames, not be made again", key: "system")
    }
    var configuration = configuration
    configuration.seed = seed
    return try HolsteinEnsemble(configuration, trajectories: numbers, workers: workers)
  }

  public func ensemble(from states: [State<Double>], firstTime: Double = 0, workers: Int = 1) throws(SystemError)
    -> any Ensemble
  {
    try EnsembleSize.validate(states, of: layout)
    return try HolsteinEnsemble(
      configuration, states: states.map(LatticeState.init), firstTime: firstTime, workers: workers)
  }

  public func advance(_ values: inout [Double], from time: Double, steps: Int) {
    guard steps > 0 else { return }
    var configuration = configuration
    configuration.midInterval = false
    configuration.saveEvery = steps
    do {
      var ensemble = try HolsteinEnsemble(
        configuration, states: [LatticeState(sites: sites, values: values)], firstTime: time)
      _ = ensemble.advance()
      values = ensemble.advance()[0].state.values
    } catch {
      values = values.map { _ in .nan }
    }
  }

  public func with(dt: Double, saveEvery: Int, midInterval: Bool) throws(SystemError) -> HolsteinSystem {
    var configuration = configuration
    configuration.dt = dt
    configuration.saveEvery = saveEvery
    configuration.midInterval = midInterval
    // Before the steps are counted, so that no absurd step gets that far.
    try configuration.validate()
    let preSteps = (Double(self.configuration.preSteps) * self.configuration.dt / dt).rounded()
    guard let preSteps = Int(exactly: preSteps) else {
      throw SystemError(.invalidParameter, "the time step \(dt) is too short", key: "dt")
    }
    configuration.preSteps = preSteps
    var legacy = legacy
    legacy?["frame_interval"] = .number(configuration.frameInterval)
    return try HolsteinSystem(configuration, legacy: legacy)
  }

  /// du/dt with the coupling that the schedule gives at that time.
  public func tendency(of state: State<Double>, at time: Double) -> State<Double>? {
    var parameters = parameters
    parameters.coupling = schedule.coupling(at: time, from: parameters.coupling)
    return State(layout, LatticeState(state).derivative(parameters).values)
  }
}
