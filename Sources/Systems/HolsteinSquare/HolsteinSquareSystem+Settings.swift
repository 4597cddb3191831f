public import Settings

extension HolsteinSquareSystem {
  public init(_ section: ConfigurationSection, seed: UInt64) {
    let published = SquareParameters()
    let sites = section.integer("sites", default: published.sites, "Sites L along an edge, even; the lattice has L²")
    let edge = section.optionalInteger("L", "The same as `sites`")
    if let edge, section.has("sites"), edge != sites {
      section.problem("`L` and `sites` are the same and have two values, \(edge) and \(sites); give one", key: "L")
    }
    let parameters = SquareParameters(
      sites: edge ?? sites,
      coupling: section.number("g", default: published.coupling, "Coupling g of density and displacement"),
      stiffness: section.number("k", default: published.stiffness, "Stiffness k of the springs"),
      neighbourStiffness: section.number(
        "kappa", default: published.neighbourStiffness, "κ of neighbouring displacements, |κ| < k/4"),
      mass: section.number("m", default: published.mass, "Mass m"),
      hopping: section.number("t", default: published.hopping, "Hopping t"),
      temperature: section.number(
        "temperature", default: published.temperature, "k_B T of the bath and the electrons"),
      friction: section.number("gamma", default: published.friction, "Friction γ, a rate; 0 for no bath"))
    let ensemble = section.choice(
      "ensemble", default: ElectronConfiguration.Ensemble.canonical.rawValue,
      among: ElectronConfiguration.Ensemble.allCases.map { ($0.rawValue, $0) }, "N/2 electrons, or μ = 0")
    let engine = section.choice(
      "engine", default: ElectronConfiguration().engine.rawValue,
      among: ElectronConfiguration.Engine.allCases.map { ($0.rawValue, $0) }, "How the electrons are solved")
    let radius = section.integer(
      "radius", default: engine == .onTheFly ? 3 : 2, "R of windows of (2R + 1)² sites; 3 of `on-the-fly`")
    let learning = OnTheFlySettings(section.section("on-the-fly", "How `engine: on-the-fly` learns"))
    let start = section.choice(
      "initial", default: SquareDynamics.Start.random.rawValue,
      among: SquareDynamics.Start.allCases.map { ($0.rawValue, $0) }, "The first state")
    let isRandom = start == .random
    // The published hot start is Q ~ N(0, 5/κ), P ~ N(0, 5 m).
    let hot = 5.0
    let spring = parameters.neighbourStiffness > 0 ? parameters.neighbourStiffness : max(parameters.stiffness, 1e-6)
    let natural =
      isRandom
      ? (hot / spring).squareRoot() : max(0, min(1e6, parameters.checkerboardDisplacement))
    var dynamics = SquareDynamics()
    dynamics.dt = section.number("dt", default: dynamics.dt, "Time step")
    dynamics.saveEvery = section.integer(
      "every", default: dynamics.saveEvery, in: 1...1_000_000, "Steps between frames")
    dynamics.midInterval = section.flag(
      "mid-interval", default: false, "Frames carry the state half an interval before")
    dynamics.integrator = section.choice(
      "integrator", default: dynamics.integrator.rawValue,
      among: SquareDynamics.Method.allCases.map { ($0.rawValue, $0) }, "How time advances")
    dynamics.start = start
    dynamics.initialTemperature =
      section.optionalNumber("initial-temperature", "Of the first momenta; 5 of random states, else `temperature`")
      ?? (isRandom ? hot : parameters.temperature)
    dynamics.initialDisplacement =
      section.optionalNumber(
        "initial-displacement", "Deviation of random displacements, √(5/κ), or the checkerboard's, g/2(k − 4κ)")
      ?? (natural.isFinite ? natural : 0)
    dynamics.keepsForce = section.flag("keep-force", default: true, "Frames carry the force, and stores keep it")
    dynamics.schedule = TemperatureSchedule(section.section("schedule", "T(t), the quench"))
    dynamics.recovery = section.choice(
      "recovery", default: dynamics.recovery.rawValue,
      among: SquareDynamics.Recovery.allCases.map { ($0.rawValue, $0) },
      "What becomes of a trajectory that is no longer finite: nothing, or its last interval again by `exact`")
    dynamics.noiseSeed = seed
    let electrons = ElectronConfiguration(ensemble: ensemble, engine: engine, radius: radius, learning: learning)
    do { try self.init(parameters, electrons, dynamics) } catch {
      section.problem(error.message, key: error.key == "sites" && edge != nil ? "L" : error.key ?? "dt")
      try! self.init(SquareParameters())
    }
  }
}
