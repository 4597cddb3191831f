public import Settings
internal import Tensors
public import Trajectories

/// An echo-state network on any layout: random recurrent units that the frames drive, and a fitted linear readout.
///
/// h' = (1 − a) h + a tanh(A h + W u / s + b), u' = u + R [1, u / s, h̃], where h̃ is h' with every second unit squared. A, W
/// and b are drawn once; only R is fitted. On a ring, a square or a density matrix every place has units of its own,
/// which see the place and its neighbours, with the same weights everywhere. Show the predictor some true states with
/// `observe` before a rollout.
///
/// Source: Jaeger and Haas, Science 304, 78 (2004); squares and places in parallel as Pathak et al., Phys. Rev. Lett. 120,
/// 024102 (2018).
public struct EchoState: ReadoutModel {
  public static let families = [ModelFamily.echoState]

  public let configuration: ModelConfiguration
  public let parameters: [Float]

  public init(configuration: ModelConfiguration, parameters: [Float]) throws {
    let layout = try Self.parameterLayout(configuration)
    try configuration.check(parameters, of: layout)
    let settings = try EchoStateSettings(configuration)
    let columns = layout.tensors[Self.columns]
    guard
      parameters[columns.offset..<(columns.offset + columns.count)].allSatisfy({
        $0 >= 0 && $0 < Float(settings.units) && $0 == $0.rounded()
      })
    else {
      throw LearningError(
        .checkpointMismatch, "\(columns.name) must hold the numbers of hidden units, from 0 to \(settings.units - 1)")
    }
    self.configuration = configuration
    self.parameters = parameters
  }

  /// Among the tensors.
  private static let (input, bias, columns, weights) = (0, 1, 2, 3)

  public static func settings(_ section: ConfigurationSection) -> [String: Attribute] {
    EchoStateSettings(section).attributes
  }

  public static func memory(_ configuration: ModelConfiguration) throws -> Int {
    try EchoStateSettings(configuration).warmUp
  }

  static func shape(_ configuration: ModelConfiguration) throws -> ReadoutShape {
    let settings = try EchoStateSettings(configuration)
    let layout = try layout(of: configuration)
    let most = ReadoutShape.mostFeatures
    func fail(_ inputs: Int) -> LearningError {
      LearningError(
        .invalidConfiguration,
        "\(settings.units) units and \(inputs) inputs (what a place of \(layout.summary) sees) are more than \(most) "
          + "features; lower units or radius")
    }
    let channels = layout.densityMatrixSites != nil ? 4 : layout.count / max(layout.gridExtent?.reduce(1, *) ?? 1, 1)
    guard channels + settings.units < most else { throw fail(channels) }
    let surroundings = Surroundings(layout, radius: settings.radius)
    let features = 1 + surroundings.count + settings.units
    guard features <= most else { throw fail(surroundings.count) }
    return ReadoutShape(
      surroundings: surroundings, features: features, supports: [Array(0..<features)], ridge: settings.ridge,
      forgetting: settings.forgetting)
  }

  public static func parameterLayout(_ configuration: ModelConfiguration) throws -> ParameterLayout {
    let settings = try EchoStateSettings(configuration)
    let shape = try shape(configuration)
    var layout = ParameterLayout()
    layout.add("reservoir.input", shape: [settings.units, shape.surroundings.count])
    layout.add("reservoir.bias", shape: [settings.units])
    layout.add("reservoir.columns", shape: [settings.units, settings.degree])
    layout.add("reservoir.weights", shape: [settings.units, settings.degree])
    shape.addReadouts(to: &layout)
    return layout
  }

  /// The random weights, and a readout of zeros: before it has learnt anything, nothing changes.
  public static func initialParameters(_ configuration: ModelConfiguration, seed: UInt64) throws -> [Float] {
    let settings = try EchoStateSettings(configuration)
    let layout = try parameterLayout(configuration)
    var values = [Float](repeating: 0, count: layout.count)
    func draw(_ index: Int, _ number: (inout CounterRandom) -> Double) {
      var random = CounterRandom(seed: seed, purpose: .weights, trajectory: UInt64(index))
      let tensor = layout.tensors[index]
      for k in 0..<tensor.count { values[tensor.offset + k] = Float(number(&random)) }
    }
    let size = settings.drive * (3 / Double(layout.tensors[input].shape[1])).squareRoot()
    draw(input) { size * (2 * $0.uniform() - 1) }
    draw(bias) { settings.bias * (2 * $0.uniform() - 1) }
    draw(columns) { Double($0.next() % UInt64(settings.units)) }
    draw(weights) { 2 * $0.uniform() - 1 }
    let recurrent = layout.tensors[weights]
    let found = spectralRadius(
      columns: values, layout.tensors[columns].offset, weights: recurrent.offset, settings.units, settings.degree)
    let factor = found > 0 ? Float(settings.spectralRadius / found) : 0
    for k in recurrent.offset..<(recurrent.offset + recurrent.count) { values[k] *= factor }
    return values
  }

  /// The spectral radius of the recurrent weights as they lie among the parameters, to about a percent: how much a vector
  /// grows a step, in the mean over the last 256 of 512 steps.
  private static func spectralRadius(
    columns values: [Float], _ columns: Int, weights: Int, _ units: Int, _ degree: Int
  ) -> Double {
    var x = [Double](repeating: 1, count: units)
    var growth = 1.0
    for step in 0..<512 {
      var y = [Double](repeating: 0, count: units)
      for unit in 0..<units {
        for k in (unit * degree)..<((unit + 1) * degree) {
          y[unit] += Double(values[weights + k]) * x[Int(values[columns + k])]
        }
      }
      let norm = y.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard norm > 0 else { return 0 }
      let before = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // The 256th root of the product, taken by halves.
      if step >= 256 { growth *= root256(norm / before) }
      x = y.map { $0 / norm }
    }
    return growth
  }

  private static func root256(_ x: Double) -> Double {
    var x = x
    for _ in 0..<8 { x = x.squareRoot() }
    return x
  }

  public var summary: String {
    let settings = try? EchoStateSettings(configuration)
    return "echo-state network of \(settings?.units ?? 0) units, \(fittedCount) fitted weights"
  }

  func features(for layout: StateLayout) throws -> any ReadoutFeatures {
    let settings = try EchoStateSettings(configuration)
    let own = Surroundings(try Self.layout(of: configuration), radius: settings.radius)
    let tensors = try Self.parameterLayout(configuration).tensors
    func values(_ index: Int) -> [Float] {
      Array(parameters[tensors[index].offset..<(tensors[index].offset + tensors[index].count)])
    }
    return EchoStateFeatures(
      try own.matching(layout, radius: settings.radius), settings, scales: configuration.scales,
      input: values(Self.input), bias: values(Self.bias), columns: values(Self.columns), weights: values(Self.weights))
  }
}
