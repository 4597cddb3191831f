public import Settings
public import Trajectories

extension ModelFamily {
  /// A graph network: each site and the mean of its neighbours, layer by layer.
  public static let gnn = ModelFamily(rawValue: "gnn")
}

/// The settings of graph networks.
public struct GraphSettings: Sendable, Equatable {
  /// Channels of each hidden layer.
  public var widths = [32, 32, 32, 32]
  /// What lies between two layers.
  public var activation = PerceptronSettings.Activation.relu
  /// Whether the last layer starts at zero.
  public var zeroInitialisedOutput = true

  public init(
    widths: [Int] = [32, 32, 32, 32], activation: PerceptronSettings.Activation = .relu,
    zeroInitialisedOutput: Bool = true
  ) {
    self.widths = widths
    self.activation = activation
    self.zeroInitialisedOutput = zeroInitialisedOutput
  }

  /// Reads the keys of a pipeline file.
  public init(_ section: ConfigurationSection) {
    let text = section.text(
      "widths", default: "32-32-32-32", "Channels of the hidden layers; each layer reaches one site further")
    if let widths = Self.widths(text) {
      self.widths = widths
    } else {
      section.problem("expected 1 to 63 whole numbers from 1 to 4096 such as 32-32-32, got `\(text)`", key: "widths")
    }
    activation = section.choice(
      "activation", default: "relu", among: PerceptronSettings.Activation.allCases.map { ($0.rawValue, $0) },
      "The function between two layers")
    zeroInitialisedOutput = section.flag("zero-output", default: true, "The last layer starts at zero")
  }

  static func widths(_ text: String) -> [Int]? {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    let widths = parts.compactMap { Int($0) }
    return widths.count == parts.count && areSound(widths) ? widths : nil
  }

  static func widths(_ attribute: Attribute) -> [Int]? {
    attribute.list.flatMap { list in
      let widths = list.compactMap(\.integer)
      return widths.count == list.count && areSound(widths) ? widths : nil
    }
  }

  private static func areSound(_ widths: [Int]) -> Bool {
    (1...63).contains(widths.count) && widths.allSatisfy { (1...4096).contains($0) }
  }

  /// As a configuration holds them.
  /// - Throws: `LearningError` of code `invalidConfiguration` for a setting that is missing, unknown or out of bounds.
  public init(_ configuration: ModelConfiguration) throws {
    widths = try configuration.setting("widths") { Self.widths($0) }
    activation = try configuration.setting("activation") { $0.text.flatMap(PerceptronSettings.Activation.init) }
    zeroInitialisedOutput = try configuration.setting("zeroInitialisedOutput", \.flag)
    try configuration.refuseSettings(beyond: attributes.keys)
  }

  /// As they stand in a configuration.
  public var attributes: [String: Attribute] {
    [
      "widths": .list(widths.map { .number(Double($0)) }), "activation": .text(activation.rawValue),
      "zeroInitialisedOutput": .flag(zeroInitialisedOutput),
    ]
  }
}
