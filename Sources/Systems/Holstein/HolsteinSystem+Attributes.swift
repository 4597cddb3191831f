public import Trajectories

extension HolsteinSystem {
  private static let model = "1D semiclassical Holstein, Ehrenfest dynamics"
  private static let units = "hbar = t_hop = 1"
  private static let keys: Set = [
    "sites", "g", "k0", "eta", "hopping", "filling", "temperature", "disorder", "initial_g", "noise",
    "noise_on_momenta", "dt", "every", "pre_steps", "phase_offsets", "mid_interval", "integrator", "schedule",
    "frame_interval", "model", "units",
  ]

  public var attributes: [String: Attribute] {
    if let legacy { return legacy }
    var attributes: [String: Attribute] = [
      "model": .text(Self.model), "units": .text(Self.units), "frame_interval": .number(interval),
      "sites": .number(Double(sites)), "g": .number(parameters.coupling), "k0": .number(parameters.k0),
      "eta": .number(parameters.eta), "hopping": .number(parameters.hopping), "filling": .number(parameters.filling),
      "temperature": .number(parameters.thermalEnergy), "initial_g": .number(configuration.initialCoupling),
      "noise": .number(configuration.noise), "noise_on_momenta": .flag(configuration.noiseOnMomenta),
      "dt": .number(dt), "every": .number(Double(saveEvery)), "pre_steps": .number(Double(configuration.preSteps)),
      "phase_offsets": .flag(configuration.phaseOffsets), "mid_interval": .flag(hasMids),
      "integrator": .text(configuration.integrator.rawValue), "schedule": schedule.attribute,
    ]
    if let disorder = parameters.disorder { attributes["disorder"] = Attribute(disorder) }
    return AttributeReader.complete(attributes, system: Self.word)
  }

  public init(attributes: [String: Attribute]) throws(SystemError) {
    let reader = try AttributeReader(attributes, system: Self.word, keys: Self.keys)
    let sites = try reader.integer("sites", in: 4...4096)
    let parameters = HolsteinParameters(
      coupling: try reader.number("g"), k0: try reader.number("k0"), eta: try reader.number("eta"),
      hopping: try reader.number("hopping"), filling: try reader.number("filling"),
      thermalEnergy: try reader.number("temperature"),
      disorder: reader.has("disorder") ? try reader.numbers("disorder", count: sites) : nil)
    var configuration = EnsembleConfiguration(
      sites: sites, seed: 0, initialCoupling: try reader.number("initial_g"), parameters: parameters,
      dt: try reader.number("dt"), saveEvery: try reader.integer("every", in: 1...EnsembleConfiguration.mostSteps),
      preSteps: try reader.integer("pre_steps", in: 0...EnsembleConfiguration.mostSteps),
      midInterval: try reader.flag("mid_interval"), phaseOffsets: try reader.flag("phase_offsets"),
      noise: try reader.number("noise"), noiseOnMomenta: try reader.flag("noise_on_momenta"))
    configuration.integrator = try reader.choice("integrator")
    guard let schedule = CouplingSchedule(try reader.value("schedule")) else {
      throw reader.fail("schedule", "should be a shape with its numbers and no more")
    }
    configuration.schedule = schedule
    do { try self.init(configuration) } catch {
      throw SystemError(
        .invalidAttribute, "the attributes of a system `\(Self.word)`: \(error.message)", key: error.key)
    }
  }

  /// The chain of a store that an earlier version wrote: it has g, k0, eta and hopping, and the frames' interval.
  ///
  /// Its equations, observables and invariants are known, and trajectories can be gone on with from its frames, in steps of
  /// about 0.01; how they began is not known.
  /// - Parameter sites: Of the stored arrays.
  /// - Throws: `SystemError` naming a key that makes no sense; `g` must be there.
  public init(legacy attributes: [String: Attribute], sites: Int) throws(SystemError) {
    func number(_ key: String, else fallback: Double?) throws(SystemError) -> Double {
      guard let attribute = attributes[key] else {
        if let fallback { return fallback }
        throw SystemError(.invalidAttribute, "the attribute `\(key)` of a Holstein chain is missing", key: key)
      }
      guard let number = attribute.number, number.isFinite else {
        throw SystemError(.invalidAttribute, "the attribute `\(key)` of a Holstein chain should be a number", key: key)
      }
      return number
    }
    let interval = try number("frame_interval", else: 1)
    guard interval > 0, interval <= 1e6 else {
      throw SystemError(
        .invalidAttribute, "the attribute `frame_interval` should be above 0 and at most 1000000, got \(interval)",
        key: "frame_interval")
    }
    let parameters = HolsteinParameters(
      coupling: try number("g", else: nil), k0: try number("k0", else: 0.3), eta: try number("eta", else: 0.8),
      hopping: try number("hopping", else: 1))
    let steps = max(1, Int((interval / 0.01).rounded()))
    try self.init(
      EnsembleConfiguration(
        sites: sites, seed: 0, initialCoupling: parameters.coupling, parameters: parameters,
        dt: interval / Double(steps), saveEvery: steps), legacy: attributes)
  }
}

extension CouplingSchedule {
  /// As settings spell it: a shape and its numbers.
  var attribute: Attribute {
    func object(_ shape: String, _ numbers: [String: Double]) -> Attribute {
      .object(numbers.mapValues(Attribute.number).merging(["shape": .text(shape)]) { $1 })
    }
    return switch self {
    case .constant: object("constant", [:])
    case .ramp(let target, let start, let duration):
      object("ramp", ["to": target, "start": start, "duration": duration])
    case .pulse(let height, let centre, let width):
      object("pulse", ["height": height, "centre": centre, "width": width])
    case .oscillation(let amplitude, let period): object("oscillation", ["amplitude": amplitude, "period": period])
    case .points(let points):
      .object([
        "shape": "points",
        "points": .list(points.map { .object(["time": .number($0.time), "g": .number($0.coupling)]) }),
      ])
    }
  }

  /// The inverse; nil for what is no schedule, or says more than one.
  init?(_ attribute: Attribute) {
    guard let object = attribute.object, let shape = object["shape"]?.text else { return nil }
    func numbers(_ keys: String...) -> [Double]? {
      let numbers = keys.compactMap { object[$0]?.number }
      return numbers.count == keys.count && object.count == keys.count + 1 ? numbers : nil
    }
    switch shape {
    case "constant":
      guard numbers() != nil else { return nil }
      self = .constant
    case "ramp":
      guard let n = numbers("to", "start", "duration") else { return nil }
      self = .ramp(to: n[0], start: n[1], duration: n[2])
    case "pulse":
      guard let n = numbers("height", "centre", "width") else { return nil }
      self = .pulse(height: n[0], centre: n[1], width: n[2])
    case "oscillation":
      guard let n = numbers("amplitude", "period") else { return nil }
      self = .oscillation(amplitude: n[0], period: n[1])
    case "points":
      guard let list = object["points"]?.list, object.count == 2 else { return nil }
      let points = list.compactMap { point -> Point? in
        guard let time = point["time"]?.number, let g = point["g"]?.number, point.object?.count == 2 else { return nil }
        return Point(time: time, coupling: g)
      }
      guard points.count == list.count else { return nil }
      self = .points(points)
    default: return nil
    }
  }
}
