public import Trajectories

extension HolsteinSquareSystem {
  private static let model = "2D semiclassical Holstein on a square lattice, adiabatic Langevin dynamics"
  private static let units = "hbar = k_B = t_nn = 1"
  private static let keys: Set = [
    "sites", "g", "k", "kappa", "m", "t", "temperature", "gamma", "ensemble", "engine", "radius", "dt", "every",
    "mid_interval",
    "integrator", "initial", "initial_temperature", "initial_displacement", "keep_force", "schedule", "noise_seed",
    "frame_interval", "model", "units", "on_the_fly", "recovery",
  ]

  public var attributes: [String: Attribute] {
    var attributes: [String: Attribute] =
      [
        "model": .text(Self.model), "units": .text(Self.units), "frame_interval": .number(interval),
        "sites": .number(Double(parameters.sites)), "g": .number(parameters.coupling),
        "k": .number(parameters.stiffness), "kappa": .number(parameters.neighbourStiffness),
        "m": .number(parameters.mass), "t": .number(parameters.hopping),
        "temperature": .number(parameters.temperature), "gamma": .number(parameters.friction),
        "ensemble": .text(electrons.ensemble.rawValue), "engine": .text(electrons.engine.rawValue),
        "radius": .number(Double(electrons.radius)), "dt": .number(dt), "every": .number(Double(saveEvery)),
        "mid_interval": .flag(hasMids),
        "integrator": .text(dynamics.integrator.rawValue), "initial": .text(dynamics.start.rawValue),
        "initial_temperature": .number(dynamics.initialTemperature),
        "initial_displacement": .number(dynamics.initialDisplacement), "keep_force": .flag(dynamics.keepsForce),
        "schedule": dynamics.schedule.attribute,
        // A seed may have more digits than a number of JSON.
        "noise_seed": .text(String(dynamics.noiseSeed)),
      ]
    // Only where it counts, as stores of earlier versions have it.
    if electrons.engine == .onTheFly { attributes["on_the_fly"] = electrons.learning.attribute }
    if dynamics.recovery != .none { attributes["recovery"] = .text(dynamics.recovery.rawValue) }
    return AttributeReader.complete(attributes, system: Self.word)
  }

  public init(attributes: [String: Attribute]) throws(SystemError) {
    let reader = try AttributeReader(attributes, system: Self.word, keys: Self.keys)
    let parameters = SquareParameters(
      sites: try reader.integer("sites", in: 4...SquareParameters.mostSites), coupling: try reader.number("g"),
      stiffness: try reader.number("k"), neighbourStiffness: try reader.number("kappa"),
      mass: try reader.number("m"), hopping: try reader.number("t"), temperature: try reader.number("temperature"),
      friction: try reader.number("gamma"))
    guard let schedule = TemperatureSchedule(try reader.value("schedule")) else {
      throw reader.fail("schedule", "should be a shape with its numbers and no more")
    }
    guard let seed = try reader.value("noise_seed").text.flatMap({ UInt64($0) }) else {
      throw reader.fail("noise_seed", "should be a whole number in quotes")
    }
    let dynamics = SquareDynamics(
      dt: try reader.number("dt"), saveEvery: try reader.integer("every", in: 1...1_000_000_000),
      midInterval: try reader.flag("mid_interval"), integrator: try reader.choice("integrator"), schedule: schedule,
      start: try reader.choice("initial"), initialTemperature: try reader.number("initial_temperature"),
      initialDisplacement: try reader.number("initial_displacement"), keepsForce: try reader.flag("keep_force"),
      noiseSeed: seed, recovery: reader.has("recovery") ? try reader.choice("recovery") : .none)
    var electrons = ElectronConfiguration(
      ensemble: try reader.choice("ensemble"), engine: try reader.choice("engine"),
      radius: try reader.integer("radius", in: 0...1_000_000))
    if reader.has("on_the_fly") {
      guard let learning = OnTheFlySettings(try reader.value("on_the_fly")) else {
        throw reader.fail("on_the_fly", "should be an object with the settings of learning on the fly and no more")
      }
      electrons.learning = learning
    }
    do { try self.init(parameters, electrons, dynamics) } catch {
      throw SystemError(
        .invalidAttribute, "the attributes of a system `\(Self.word)`: \(error.message)", key: error.key)
    }
  }
}
