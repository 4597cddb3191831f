internal import Settings
internal import Trajectories

extension ModelFamily {
  /// A graph network whose last layer is the force on a site, or its electrons' density.
  public static let directForce = ModelFamily(rawValue: "gnn-direct")
  /// A graph network whose last layer is the energy of a site; the force is its sum's slope.
  public static let energyForce = ModelFamily(rawValue: "gnn-energy")
  /// A perceptron of invariant descriptors of a site's surroundings.
  public static let descriptorForce = ModelFamily(rawValue: "descriptor-mlp")
  /// A convolutional network over translations and the point group of the square.
  public static let equivariantForce = ModelFamily(rawValue: "equivariant-cnn")
}

/// The settings of force fields: the network, and what it need not learn because it is known.
public struct ForceFieldSettings: Sendable, Equatable {
  enum Activation: String, Sendable, CaseIterable { case tanh, relu, gelu, silu }
  enum Elastic: String, Sendable, CaseIterable { case exact, learned }
  enum Density: String, Sendable, CaseIterable { case tanh, linear }

  static let families: [ModelFamily] = [.directForce, .energyForce, .descriptorForce, .equivariantForce]

  var family: ModelFamily
  /// Channels of the hidden layers.
  var widths: [Int]
  var activation: Activation
  /// Whether the springs' force is added as it is, or is part of what the network learns.
  var elastic: Elastic
  /// n = ½ + ½ tanh f, or n = ½ + f.
  var density: Density
  /// Whether f(−Q) = −f(Q), as particle–hole symmetry says.
  var isOdd: Bool
  public var physics: LatticePhysics

  private static func standard(_ family: ModelFamily) -> (widths: String, activations: [Activation]) {
    switch family {
    case .energyForce: ("16-32-16", [.silu, .tanh, .relu])
    case .descriptorForce: ("128-64-32", [.tanh, .gelu, .relu])
    case .equivariantForce: ("4-4-4", [.tanh, .gelu, .relu])
    default: ("32-32-32-32", [.tanh, .relu, .gelu])
    }
  }

  /// Reads the keys of a pipeline file.
  init(_ family: ModelFamily, _ section: ConfigurationSection) {
    self.family = family
    let standard = Self.standard(family)
    let text = section.text(
      "widths", default: standard.widths,
      family == .equivariantForce
        ? "Channels of the layers, each of eight numbers; each layer reaches one site further, also along the diagonal"
        : family == .descriptorForce
          ? "Numbers of the hidden layers; the descriptors reach √13 sites far"
          : "Channels of the hidden layers; each layer, and the last, reaches one site further")
    widths = GraphSettings.widths(text) ?? []
    if widths.isEmpty {
      section.problem("expected 1 to 63 whole numbers from 1 to 4096 such as 32-32-32, got `\(text)`", key: "widths")
      widths = [1]
    }
    activation = section.choice(
      "activation", default: standard.activations[0].rawValue, among: standard.activations.map { ($0.rawValue, $0) },
      "The function between two layers")
    elastic = section.choice(
      "elastic", default: "exact", among: Elastic.allCases.map { ($0.rawValue, $0) },
      "exact: the springs' force is added to the electrons'; learned: the network gives their sum")
    let fallback = family == .energyForce || elastic == .learned ? Density.linear : .tanh
    density = section.choice(
      "density", default: fallback.rawValue, among: Density.allCases.map { ($0.rawValue, $0) },
      "tanh: n = ½ + ½ tanh f stays between 0 and 1; linear: n = ½ + f, or with springs that are learned F = f")
    isOdd = section.flag("odd", default: true, "F(−Q) = −F(Q) by construction, as particle–hole symmetry says")
    physics = LatticePhysics(section)
    if let problem { section.problem(problem, key: "density") }
  }

  /// - Throws: `LearningError` of code `invalidConfiguration` for a setting that is missing, unknown or out of bounds.
  init(_ configuration: ModelConfiguration) throws {
    family = configuration.family
    widths = try configuration.setting("widths") { GraphSettings.widths($0) }
    activation = try configuration.setting("activation") { $0.text.flatMap(Activation.init) }
    elastic = try configuration.setting("elastic") { $0.text.flatMap(Elastic.init) }
    density = try configuration.setting("density") { $0.text.flatMap(Density.init) }
    isOdd = try configuration.setting("odd", \.flag)
    physics = try LatticePhysics(configuration)
    try configuration.refuseSettings(
      beyond: ["widths", "activation", "elastic", "density", "odd", "ensemble"] + LatticePhysics.parameters.map(\.name))
    guard Self.standard(family).activations.contains(activation) else {
      throw LearningError(.invalidConfiguration, "a \(family.rawValue) has no activation `\(activation.rawValue)`")
    }
    if let problem { throw LearningError(.invalidConfiguration, problem) }
  }

  /// What does not fit together; nil where all does.
  private var problem: String? {
    guard density == .tanh, family == .energyForce || elastic == .learned else { return nil }
    return family == .energyForce
      ? "must be `linear` for an energy, whose slope has no bounds"
      : "must be `linear` where the springs are learned: their force has no bounds"
  }

  /// As they stand in a configuration.
  var attributes: [String: Attribute] {
    var attributes = physics.attributes
    attributes["widths"] = .list(widths.map { .number(Double($0)) })
    attributes["activation"] = .text(activation.rawValue)
    attributes["elastic"] = .text(elastic.rawValue)
    attributes["density"] = .text(density.rawValue)
    attributes["odd"] = .flag(isOdd)
    return attributes
  }

  /// Whether a network without biases is odd by itself; others are made so from f(Q) and f(−Q).
  private var leavesBiasesOut: Bool {
    isOdd && activation == .tanh && (family == .directForce || family == .equivariantForce)
  }

  /// All parameters, in their order.
  var parameterLayout: ParameterLayout {
    switch family {
    case .energyForce: EnergyNetwork.layout(widths)
    case .descriptorForce: DescriptorNetwork.layout(widths)
    case .equivariantForce: EquivariantNetwork.layout(widths, hasBias: !leavesBiasesOut)
    default: GraphNetwork.layout([1] + widths + [1], hasBias: !leavesBiasesOut)
    }
  }

  /// Numbers that `parameterLayout` would have; nothing is allocated for widths of an untrusted file.
  var parameterBound: Int {
    let pairs = zip([LatticeDescriptors.count] + widths, widths + [1]).reduce(0) { $0 + $1.0 * $1.1 }
    let squares = widths.reduce(0) { $0 + $1 * $1 }
    return family == .equivariantForce ? 72 * pairs : 4 * (pairs + squares)
  }

  func network(_ tensors: [ParameterTensor]) -> any ForceNetwork {
    let plain = PerceptronSettings.Activation(rawValue: activation.rawValue) ?? .tanh
    switch family {
    case .energyForce:
      return EnergyNetwork(activation: EnergyNetwork.Activation(rawValue: activation.rawValue)!, tensors: tensors)
    case .descriptorForce: return DescriptorNetwork(PerceptronNetwork(activation: plain, tensors: tensors))
    case .equivariantForce:
      return EquivariantNetwork(
        channelCounts: widths, activation: plain, tensors: tensors, hasBias: !leavesBiasesOut)
    default:
      return DirectForceNetwork(
        network: GraphNetwork(activation: plain, tensors: tensors, hasBias: !leavesBiasesOut))
    }
  }
}
