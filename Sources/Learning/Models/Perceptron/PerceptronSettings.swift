public import Settings
public import Trajectories

extension ModelFamily {
  /// A multilayer perceptron: every number of the state is connected with every other.
  public static let mlp = ModelFamily(rawValue: "mlp")
  /// The same for the time derivative, integrated over an interval by one step of Runge and Kutta's classical method.
  public static let neuralODE = ModelFamily(rawValue: "neural-ode")
}

/// The settings of multilayer perceptrons.
public struct PerceptronSettings: Sendable, Equatable {
  /// What lies between two layers.
  public enum Activation: String, Sendable, CaseIterable {
    case gelu, tanh, relu
  }

  /// Numbers of each hidden layer.
  public var width = 128
  /// Layers of weights; one fewer are hidden.
  public var layers = 3
  public var activation = Activation.gelu
  /// Whether the last layer starts at zero, so that training starts from persistence.
  public var zeroInitialisedOutput = true

  public init(
    width: Int = 128, layers: Int = 3, activation: Activation = .gelu, zeroInitialisedOutput: Bool = true
  ) {
    self.width = width
    self.layers = layers
    self.activation = activation
    self.zeroInitialisedOutput = zeroInitialisedOutput
  }

  /// Reads the keys of a pipeline file.
  public init(_ section: ConfigurationSection) {
    width = section.integer("width", default: 128, in: 1...4096, "Numbers of each hidden layer")
    layers = section.integer("layers", default: 3, in: 1...64, "Layers of weights; one fewer are hidden")
    activation = section.choice(
      "activation", default: "gelu", among: Activation.allCases.map { ($0.rawValue, $0) },
      "The function between two layers")
    zeroInitialisedOutput = section.flag(
      "zero-output", default: true, "The last layer starts at zero: training starts from persistence")
  }

  /// As a configuration holds them.
  /// - Throws: `LearningError` of code `invalidConfiguration` for a setting that is missing, unknown or out of bounds.
  public init(_ configuration: ModelConfiguration) throws {
    func fail(_ reason: String) -> LearningError { LearningError(.invalidConfiguration, reason) }
    width = try configuration.setting("width", \.integer)
    layers = try configuration.setting("layers", \.integer)
    activation = try configuration.setting("activation") { $0.text.flatMap(Activation.init) }
    zeroInitialisedOutput = try configuration.setting("zeroInitialisedOutput", \.flag)
    try configuration.refuseSettings(beyond: attributes.keys)
    guard (1...4096).contains(width) else { throw fail("width must be between 1 and 4096, got \(width)") }
    guard (1...64).contains(layers) else { throw fail("layers must be between 1 and 64, got \(layers)") }
  }

  /// As they stand in a configuration.
  public var attributes: [String: Attribute] {
    [
      "width": .number(Double(width)), "layers": .number(Double(layers)), "activation": .text(activation.rawValue),
      "zeroInitialisedOutput": .flag(zeroInitialisedOutput),
    ]
  }
}

extension ModelConfiguration {
  /// A multilayer perceptron for states of a layout.
  public init(_ settings: PerceptronSettings, scales: FieldScales = .ones, layout: StateLayout) {
    self.init(family: .mlp, settings: settings.attributes, scales: scales, layout: layout)
  }
}
