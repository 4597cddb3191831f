internal import Tensors
public import Trajectories

/// The semiclassical Holstein model on a square lattice, electrons in equilibrium, in Langevin dynamics
/// (docs/square-lattice.md).
///
/// A state is [Q (L, L), P (L, L)], row y, column x. The force on site i is F_i = g (n_i − ½) − k Q_i − κ Σ_j Q_j with the
/// density n of the electrons at temperature T.
public struct HolsteinSquareSystem: DynamicalSystem, Equatable {
  public static let word = "holstein-square"
  public static let summary = "Langevin dynamics of the semiclassical Holstein model on a square lattice."

  public let parameters: SquareParameters
  public let electrons: ElectronConfiguration
  public let dynamics: SquareDynamics
  public let layout: StateLayout
  var solver: any ElectronSolver
  /// What gives the forces in place of the system's own electrons; nil for these.
  var substitute: Substitute?
  /// The electrons of states that observables and invariants asked for last.
  private let recent = RecentElectrons()

  /// - Throws: `SystemError` naming the value and what it should be.
  public init(
    _ parameters: SquareParameters, _ electrons: ElectronConfiguration = ElectronConfiguration(),
    _ dynamics: SquareDynamics = SquareDynamics()
  ) throws(SystemError) {
    try parameters.validate()
    try electrons.validate(sites: parameters.sites)
    try dynamics.validate(parameters)
    self.parameters = parameters
    self.electrons = electrons
    self.dynamics = dynamics
    let L = parameters.sites
    layout = StateLayout(
      [
        Field("Q", shape: [L, L], axes: ["y", "x"]),
        Field("P", shape: [L, L], axes: ["y", "x"]),
      ], domain: .square(L, L))
    solver = electrons.solver(sites: L)
  }

  public static func == (a: Self, b: Self) -> Bool {
    a.parameters == b.parameters && a.electrons == b.electrons && a.dynamics == b.dynamics
  }

  public var dt: Double { dynamics.dt }
  public var saveEvery: Int { dynamics.saveEvery }
  public var hasMids: Bool { dynamics.midInterval }
  var lattice: SquareLattice { SquareLattice(sites: parameters.sites) }

  // MARK: Forces

  func temperature(at time: Double) -> Double {
    dynamics.schedule.temperature(at: time, from: parameters.temperature)
  }

  func temperature(atStep step: Int) -> Double { temperature(at: Double(step) * dt) }

  /// The force at displacements, and the electrons that make it; NaN where the electrons cannot be solved.
  func force(at q: [Double], temperature: Double) -> (force: [Double], electrons: ElectronState?) {
    guard let electrons = try? electronState(at: q, temperature: temperature) else {
      return ([Double](repeating: .nan, count: q.count), nil)
    }
    return (force(at: q, by: electrons), electrons)
  }

  /// The force of given electrons.
  func force(at q: [Double], by electrons: ElectronState) -> [Double] {
    [Double](unsafeUninitializedCapacity: q.count) { force, count in
      lattice.force(q, density: electrons.density, parameters, into: force.baseAddress!)
      count = q.count
    }
  }

  /// - Throws: `SystemError` where a displacement is not finite, the linear algebra fails, or a learned field has no density.
  func electronState(at q: [Double], temperature: Double, wantsEnergy: Bool = false) throws(SystemError)
    -> ElectronState
  {
    // Without coupling every site is half filled, whatever the lattice does.
    if parameters.coupling == 0, !wantsEnergy {
      guard q.allSatisfy(\.isFinite) else { throw SystemError(.invalidState, "a displacement is not finite") }
      return ElectronState(density: [Double](repeating: 0.5, count: q.count), chemicalPotential: 0)
    }
    if case .density(let density) = substitute {
      guard let found = density(q), found.count == q.count else {
        throw SystemError(
          .invalidState,
          "the force field gives no density: a displacement is not finite, or no chemical potential gives its charge")
      }
      return ElectronState(density: found, chemicalPotential: .nan)
    }
    return try solver.solve(problem(at: q, temperature: temperature), wantsEnergy: wantsEnergy)
  }

  func problem(at q: [Double], temperature: Double) -> ElectronProblem {
    ElectronProblem(parameters, temperature: temperature, ensemble: electrons.ensemble, q: q)
  }

  /// The electrons of a state at the parameters' temperature; nil where there are none.
  /// - Parameter wantsEnergy: Whether Ω is needed, which costs windows more than all the rest.
  func recentElectrons(of state: State<Double>, wantsEnergy: Bool = false) -> ElectronState? {
    recent.find(Array(state["Q"]), wantsEnergy: wantsEnergy) { q in
      try? electronState(at: q, temperature: parameters.temperature, wantsEnergy: wantsEnergy)
    }
  }

  /// dQ/dt = P/m and dP/dt = F, without the bath.
  func tendency(p: [Double], force: [Double]) -> State<Double> {
    State(layout, p.map { $0 / parameters.mass } + force)
  }

  /// dQ/dt = P/m and dP/dt = F: the lattice's own equations, without the bath's friction and noise.
  ///
  /// P's part is the force, which is what a force field learns.
  public func tendency(of state: State<Double>, at time: Double) -> State<Double>? {
    precondition(state.values.count == layout.count, "\(name) has \(layout.count) numbers, not \(state.values.count)")
    return tendency(p: Array(state["P"]), force: force(at: Array(state["Q"]), temperature: temperature(at: time)).force)
  }

  /// What a force field learns: the force and the density, which displacements alone determine.
  public var labels: StateLayout {
    let L = parameters.sites
    return StateLayout(
      [
        Field("force", shape: [L, L], axes: ["y", "x"], symbol: "F"),
        Field("density", shape: [L, L], axes: ["y", "x"], symbol: "n"),
      ], domain: .square(L, L))
  }

  public var labelInputs: [String] { ["Q"] }

  public func labels(of state: State<Double>, at time: Double) -> State<Double>? {
    let (force, electrons) = force(at: Array(state["Q"]), temperature: temperature(at: time))
    return electrons.map { State(labels, force + $0.density) }
  }

  public static func settings(for layout: StateLayout) -> [String] {
    guard let shape = layout.field("Q")?.shape, shape.count == 2, shape[0] == shape[1] else { return [] }
    return ["sites=\(shape[0])"]
  }

  // MARK: Trajectories

  /// The first state of one trajectory, from its seed and number alone.
  func initialState(seed: UInt64, trajectory: Int) -> State<Double> {
    var random = CounterRandom(seed: seed, purpose: .initialState, trajectory: UInt64(trajectory))
    let n = parameters.count
    let (size, deviation) = (dynamics.initialDisplacement, (parameters.mass * dynamics.initialTemperature).squareRoot())
    let q: [Double] =
      switch dynamics.start {
      case .random: (0..<n).map { _ in size * random.normal() }
      case .checkerboard: (0..<n).map { size * lattice.sign($0) }
      case .zero: [Double](repeating: 0, count: n)
      }
    let p = dynamics.start == .zero ? q : (0..<n).map { _ in deviation * random.normal() }
    return State(layout, q + p)
  }

  /// The bath's random numbers of one step: a function of seed, trajectory and step alone.
  func drawNoise(_ noise: inout [Double], seed: UInt64, trajectory: Int, step: Int) {
    guard parameters.friction > 0 else { return }
    var random = CounterRandom(
      seed: seed, purpose: .heatBath, trajectory: UInt64(trajectory), step: UInt64(truncatingIfNeeded: step))
    for i in noise.indices { noise[i] = random.normal() }
  }

  public func ensemble(_ numbers: Range<Int>, seed: UInt64, workers: Int = 1) throws(SystemError) -> any Ensemble {
    try SquareEnsemble(self, numbers, seed: seed, workers: workers)
  }

  public func ensemble(from states: [State<Double>], firstTime: Double = 0, workers: Int = 1) throws(SystemError)
    -> any Ensemble
  {
    try SquareEnsemble(self, from: states, firstTime: firstTime, workers: workers)
  }

  /// With friction the bath's numbers are those of trajectory 0, so that neighbours feel the same noise.
  public func advance(_ values: inout [Double], from time: Double = 0, steps: Int) {
    precondition(values.count == layout.count, "\(name) has \(layout.count) numbers, not \(values.count)")
    let n = parameters.count
    var lattice = LangevinTrajectory(
      self, q: Array(values[..<n]), p: Array(values[n...]), step: Int((time / dt).rounded()),
      seed: dynamics.noiseSeed, trajectory: 0)
    var noise = [Double](repeating: 0, count: n)
    for _ in 0..<max(0, steps) where lattice.isFinite {
      drawNoise(&noise, seed: dynamics.noiseSeed, trajectory: 0, step: lattice.step)
      lattice.advance(noise: noise)
    }
    values = lattice.isFinite ? lattice.q + lattice.p : [Double](repeating: .nan, count: 2 * n)
  }

  public func with(dt: Double, saveEvery: Int, midInterval: Bool) throws(SystemError) -> Self {
    var other = dynamics
    other.dt = dt
    other.saveEvery = saveEvery
    other.midInterval = midInterval
    var made = try Self(parameters, electrons, other)
    (made.solver, made.substitute) = (solver, substitute)
    return made
  }
}
