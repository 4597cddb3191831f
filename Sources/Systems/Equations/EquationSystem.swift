internal import Settings
internal import Tensors
public import Trajectories

/// A system whose right-hand side is a file of equations: one of the library, or a file of the user's.
///
/// Flows advance by the classical Runge–Kutta method, maps by themselves, and flows with a delay by the Runge–Kutta
/// method over a history of past values (`EquationHistory`). Trajectories begin at the file's start, each moved by normal
/// numbers of `spread` times the file's scales.
public struct EquationSystem: AutonomousSystem {
  public static let word = "equations"
  public static let summary = "The equations of a file: flows, maps and flows with a delay (docs/systems.md)."

  let definition: EquationDefinition
  /// Of the parameters, in the definition's order.
  let values: [Double]
  public var sampling: Sampling
  let spread: Double
  /// Whether the file is the user's, and not the library's.
  let isOwn: Bool
  /// Of the rates, and of the outputs.
  let rates: EquationProgram
  let outputs: EquationProgram
  public let layout: StateLayout
  /// Steps of one delay; 0 of systems without.
  let delaySteps: Int

  static let defaultSpread = 0.01

  /// - Throws: `SystemError` for numbers that cannot be.
  init(
    _ definition: EquationDefinition, values: [Double]? = nil, sampling: Sampling? = nil,
    spread: Double = defaultSpread,
    isOwn: Bool = false
  ) throws(SystemError) {
    let values = values ?? definition.parameters.map(\.value)
    self.definition = definition
    self.values = values
    self.spread = spread
    self.isOwn = isOwn
    self.sampling = sampling ?? Self.sampling(of: definition, values)
    try SystemError.check(spread, in: 0...100, "spread")
    for (parameter, value) in zip(definition.parameters, values) {
      try SystemError.check(value, in: -1e300...1e300, parameter.name)
    }
    do {
      rates = try definition.program(definition.rates, parameters: values)
      outputs = try definition.program(definition.outputs, parameters: values)
    } catch {
      throw SystemError(.invalidParameter, "equations of `\(definition.name)`: \(error)", key: "file")
    }
    delaySteps = try Self.delaySteps(of: definition, values, dt: self.sampling.dt)
    let fields = definition.variables.map { Field($0.name) }
    layout = StateLayout(
      delaySteps == 0 ? fields : fields + [Field("past", shape: [delaySteps + 1], axes: ["delay"])])
    try self.sampling.validate(mostStep: Self.mostStep)
    guard definition.kind != .map || self.sampling.dt == 1 else {
      throw SystemError(
        .invalidParameter, "a step of the map `\(definition.name)` is 1, not \(self.sampling.dt)", key: "dt")
    }
  }

  /// Times may be of any unit.
  public static let mostStep = 1e9

  public var name: String { isOwn ? Self.word : definition.name }
  public var dt: Double { sampling.dt }

  public func validate() throws(SystemError) { try sampling.validate(mostStep: Self.mostStep) }

  public var parameters: [String: Attribute] {
    var all: [String: Attribute] = ["spread": .number(spread)]
    for (parameter, value) in zip(definition.parameters, values) { all[parameter.name] = .number(value) }
    if isOwn { all["equations"] = .text(definition.source) }
    return all
  }

  public var attributes: [String: Attribute] {
    AttributeReader.complete(parameters.merging(sampling.attributes) { $1 }, system: name)
  }

  /// The state's numbers (of a delay system the newest), and bounded functions of angles that grow.
  public var observables: [Observable] {
    let variables = definition.variables.indices.map { k in
      Observable(definition.variables[k].name) { $0.values[k] }
    }
    let (outputs, count) = (outputs, definition.variables.count)
    return variables
      + definition.outputs.enumerated().map { k, line in
        Observable(line.name) { outputs.values(Array($0.values[..<count]))[k] }
      }
  }

  public func initialState(seed: UInt64, trajectory: Int) -> [Double] {
    var random = CounterRandom(seed: seed, purpose: .initialState, trajectory: UInt64(trajectory))
    let start = definition.variables.map { $0.start + spread * $0.scale * random.normal() }
    // The past of a delay system is constant.
    return start + [Double](repeating: start[0], count: layout.count - start.count)
  }

  /// Only a flow without a delay has a rate that its state's numbers alone give.
  public func tendency(of state: State<Double>, at time: Double) -> State<Double>? {
    guard definition.kind == .flow else { return nil }
    precondition(state.values.count == layout.count, "\(name) has \(layout.count) numbers, not \(state.values.count)")
    return State(layout, rates.values(state.values))
  }

  public func derivative(_ u: UnsafePointer<Double>, _ rate: UnsafeMutablePointer<Double>) {
    let values = rates.values(Array(UnsafeBufferPointer(start: u, count: rates.inputs)))
    for (k, value) in values.enumerated() { rate[k] = value }
  }

  public func with(dt: Double, saveEvery: Int, midInterval: Bool) throws(SystemError) -> Self {
    guard definition.kind == .flow || dt == sampling.dt else {
      throw SystemError(
        .invalidParameter,
        "the step of `\(name)`, a \(definition.kind == .map ? "map" : "flow with a delay"), is \(sampling.dt)",
        key: "dt")
    }
    return try EquationSystem(
      definition, values: values,
      sampling: sampling.with(dt: dt, saveEvery: saveEvery, midInterval: midInterval, mostStep: Self.mostStep),
      spread: spread, isOwn: isOwn)
  }

  /// What a file of equations implies without other word: ten frames' worth of a period before the first frame.
  static func sampling(of definition: EquationDefinition, _ values: [Double]) -> Sampling {
    let step = definition.kind == .delay ? (tau(of: definition, values) ?? 1) / definition.step : definition.step
    let every = definition.every
    let period = definition.period.map { Int((10 * $0 / step).rounded(.up)) }
    return Sampling(dt: step, saveEvery: every, transient: min(period ?? 1000, 1_000_000))
  }

  private static func tau(of definition: EquationDefinition, _ values: [Double]) -> Double? {
    zip(definition.parameters, values).first { $0.0.name == definition.delay }?.1
  }

  private static func delaySteps(of definition: EquationDefinition, _ values: [Double], dt: Double) throws(SystemError)
    -> Int
  {
    guard definition.kind == .delay, let name = definition.delay else { return 0 }
    guard let tau = tau(of: definition, values), tau > 0 else {
      throw SystemError(.invalidParameter, "the delay `\(name)` must be greater than 0", key: name)
    }
    let steps = (tau / dt).rounded()
    guard steps >= 4, steps <= 100_000, abs(tau / dt - steps) < 1e-6 * steps else {
      throw SystemError(
        .invalidParameter,
        "the delay \(name) = \(tau) must be from 4 to 100000 whole steps, and is \(tau / dt) of dt = \(dt)", key: "dt")
    }
    return Int(steps)
  }
}
