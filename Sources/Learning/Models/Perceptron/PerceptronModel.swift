public import Settings
internal import Tensors
public import Trajectories

/// A multilayer perceptron that predicts the change of a state: u' = u + s_Δ MLP(u / s), s and s_Δ the scales of state
/// and increment.
///
/// For states of any layout but of few numbers: it does not know which are neighbours. Parameters and forcings are
/// inputs, and stay as they are. Weights are (inputs, outputs), so that a layer is x W + b.
public struct PerceptronModel: TrainableModel {
  public static let families = [ModelFamily.mlp, .neuralODE]
  /// Numbers of a state, and weights, that are refused beyond.
  static let largestState = 16384
  static let largestCount = 1 << 26

  public let configuration: ModelConfiguration
  /// All parameters in the order of `parameterLayout`.
  public let parameters: [Float]

  /// - Throws: `LearningError` when the configuration is not valid or the number of parameters is not its own.
  public init(configuration: ModelConfiguration, parameters: [Float]) throws {
    try configuration.check(parameters, of: Self.parameterLayout(configuration))
    self.configuration = configuration
    self.parameters = parameters
  }

  /// Of any layout, once it is known.
  public static func accepts(_ layout: StateLayout?) -> Bool { layout != nil }

  public static func canLearn(_ target: LearningTarget) -> Bool { target != .force }

  public static func settings(_ section: ConfigurationSection) -> [String: Attribute] {
    PerceptronSettings(section).attributes
  }

  /// Numbers of the input, of each hidden layer and of the output.
  static func widths(_ settings: PerceptronSettings, state: Int) -> [Int] {
    [state] + Array(repeating: settings.width, count: settings.layers - 1) + [state]
  }

  public static func parameterLayout(_ configuration: ModelConfiguration) throws -> ParameterLayout {
    func fail(_ reason: String) -> LearningError { LearningError(.invalidConfiguration, reason) }
    let settings = try PerceptronSettings(configuration)
    guard families.contains(configuration.family) else { throw fail("a \(configuration.family.rawValue) is no mlp") }
    guard configuration.family == .mlp || configuration.learns == .tendency else {
      throw fail("a neural-ode learns the tendency; set `learns: tendency`, or use the family mlp")
    }
    guard let state = configuration.layout?.count else {
      throw fail("the size of an mlp is that of its states, and the configuration does not say their layout")
    }
    guard configuration.constraint == nil else {
      throw fail("an mlp cannot be constrained; leave `constrain` out, or use the family cnn for a density matrix")
    }
    guard state <= largestState else {
      throw fail(
        "an mlp connects each number of a state with all others, and \(state) are too many (at most \(largestState)); "
          + "use the family cnn for fields on a ring or a square")
    }
    let layout = PerceptronNetwork.layout(widths(settings, state: state))
    guard layout.count <= largestCount else {
      throw fail(
        "an mlp of width \(settings.width) with \(settings.layers) layers for states of \(state) numbers would have "
          + "\(layout.count) parameters, more than \(largestCount); lower width or layers")
    }
    return layout
  }

  /// Glorot-uniform weights, U(-a, a) with a = gain √(6 / (inputs + outputs)), and zero biases.
  ///
  /// The gain is 5/3 before tanh, √2 before the others, 1 for the last layer, which is zero where the configuration says
  /// so. Source: Glorot and Bengio (2010), He et al. (2015).
  public static func initialParameters(_ configuration: ModelConfiguration, seed: UInt64) throws -> [Float] {
    let settings = try PerceptronSettings(configuration)
    let layout = try parameterLayout(configuration)
    var values = [Float](repeating: 0, count: layout.count)
    for (index, tensor) in layout.tensors.enumerated() where tensor.shape.count == 2 {
      let isLast = index == layout.tensors.count - 2
      if isLast && settings.zeroInitialisedOutput { continue }
      let gain = isLast ? 1 : settings.activation == .tanh ? 5.0 / 3 : 2.0.squareRoot()
      let bound = gain * (6 / Double(tensor.shape[0] + tensor.shape[1])).squareRoot()
      var random = CounterRandom(seed: seed, purpose: .weights, trajectory: UInt64(index))
      for k in 0..<tensor.count { values[tensor.offset + k] = Float(bound * (2 * random.uniform() - 1)) }
    }
    return values
  }

  public var summary: String {
    let settings = try? PerceptronSettings(configuration)
    return
      "\(configuration.family.rawValue) \(settings?.width ?? 0)×\(settings?.layers ?? 0), \(parameters.count) parameters"
  }

  public func predictor(for layout: StateLayout) throws -> any Predictor {
    try PerceptronPredictor(step(for: layout), PerceptronSettings(configuration), parameters: parameters)
      .rollout(configuration)
  }

  public func backend(_ options: TrainingOptions) throws -> any TrainingBackend {
    TapeBackend(parameters: parameters, options, step: step)
  }

  /// - Throws: `LearningError` of code `invalidData` for states of other fields.
  func step(for layout: StateLayout) throws -> TapeStep {
    guard let own = configuration.layout, layout.fields == own.fields else {
      throw LearningError(
        .invalidData,
        "the mlp was made for states of \(configuration.layout?.summary ?? "unknown fields") and cannot take others, "
          + "such as \(layout.summary)")
    }
    return TapeStep(
      .vector(layout), scales: configuration.scales, learns: configuration.learns,
      network: PerceptronNetwork(
        activation: try PerceptronSettings(configuration).activation,
        tensors: try Self.parameterLayout(configuration).tensors))
  }
}

/// x W₀ + b₀, activation, and so on; nothing after the last layer.
struct PerceptronNetwork: TapeNetwork {
  let activation: PerceptronSettings.Activation
  /// Weight and bias of every layer.
  let tensors: [ParameterTensor]

  /// - Parameter widths: Numbers of the input, of each hidden layer and of the output.
  static func layout(_ widths: [Int]) -> ParameterLayout {
    var layout = ParameterLayout()
    for (index, size) in zip(widths, widths.dropFirst()).enumerated() {
      layout.add("layers.\(index).weight", shape: [size.0, size.1])
      layout.add("layers.\(index).bias", shape: [size.1])
    }
    return layout
  }

  func record(_ planes: Tape.Node, masks: Tape.Node?, on tape: inout Tape) -> Tape.Node {
    var x = planes
    for index in stride(from: 0, to: tensors.count, by: 2) {
      if index > 0 { x = activation.record(x, on: &tape) }
      x = tape.add(tape.matmul(x, tape.parameter(tensors[index])), tape.parameter(tensors[index + 1]))
    }
    return x
  }
}

extension PerceptronSettings.Activation {
  /// Records it behind a layer.
  func record(_ x: Tape.Node, on tape: inout Tape) -> Tape.Node {
    switch self {
    case .gelu: tape.gelu(x)
    case .tanh: tape.tanh(x)
    case .relu: tape.relu(x)
    }
  }
}

extension Tape {
  /// A tensor of the model's parameters.
  mutating func parameter(_ tensor: ParameterTensor) -> Node {
    parameter(offset: tensor.offset, shape: TensorShape(tensor.shape))
  }
}
