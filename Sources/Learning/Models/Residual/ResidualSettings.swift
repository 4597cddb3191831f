public import Settings
public import Trajectories

extension ModelFamily {
  /// A residual convolutional network that predicts the change over one interval directly.
  public static let cnn = ModelFamily(rawValue: "cnn")
  /// Two such networks: one predicts time derivatives, the other turns them into the change over one interval.
  public static let parc = ModelFamily(rawValue: "parc")
}

/// The settings of residual convolutional networks.
public struct ResidualSettings: Sendable, Equatable {
  /// Channels of the hidden layers, C.
  public var channels = 16
  /// Residual blocks of each network.
  public var blocks = 1
  /// Probability that a channel is dropped in training, inside each block.
  public var dropout: Float = 0.2
  /// Whether the last layer of the CNN or of the integrator starts at zero, so that training starts from persistence.
  public var zeroInitialisedOutput = true

  public init(channels: Int = 16, blocks: Int = 1, dropout: Float = 0.2, zeroInitialisedOutput: Bool = true) {
    self.channels = channels
    self.blocks = blocks
    self.dropout = dropout
    self.zeroInitialisedOutput = zeroInitialisedOutput
  }

  /// Reads the keys of a pipeline file.
  public init(_ section: ConfigurationSection) {
    channels = section.integer("channels", default: 16, in: 1...1024, "Channels of the hidden layers")
    blocks = section.integer("blocks", default: 1, in: 1...64, "Residual blocks")
    dropout = Float(section.number("dropout", default: 0, in: 0...0.9, "Channel dropout (published: 0.2)"))
    zeroInitialisedOutput = section.flag(
      "zero-output", default: true, "The last layer starts at zero: training starts from persistence")
  }

  /// As a configuration holds them.
  /// - Throws: `LearningError` of code `invalidConfiguration` for a setting that is missing, unknown or out of bounds.
  public init(_ configuration: ModelConfiguration) throws {
    func fail(_ reason: String) -> LearningError { LearningError(.invalidConfiguration, reason) }
    channels = try configuration.setting("channels", \.integer)
    blocks = try configuration.setting("blocks", \.integer)
    dropout = Float(try configuration.setting("dropout", \.number))
    zeroInitialisedOutput = try configuration.setting("zeroInitialisedOutput", \.flag)
    try configuration.refuseSettings(beyond: attributes.keys)
    guard (1...4096).contains(channels) else { throw fail("channels must be between 1 and 4096, got \(channels)") }
    guard (1...256).contains(blocks) else { throw fail("blocks must be between 1 and 256, got \(blocks)") }
    guard dropout >= 0, dropout < 1 else { throw fail("dropout must be at least 0 and below 1, got \(dropout)") }
  }

  /// As they stand in a configuration.
  public var attributes: [String: Attribute] {
    [
      "channels": .number(Double(channels)), "blocks": .number(Double(blocks)),
      // The shortest decimal, so that the JSON says 0.2 and not what single precision makes of it.
      "dropout": .number(Double("\(dropout)") ?? Double(dropout)),
      "zeroInitialisedOutput": .flag(zeroInitialisedOutput),
    ]
  }
}

extension ModelConfiguration {
  public init(
    family: ModelFamily, channels: Int = 16, blocks: Int = 1, dropout: Float = 0.2, zeroInitialisedOutput: Bool = true,
    scales: FieldScales = .ones, constraint: StateConstraint? = nil, layout: StateLayout? = nil
  ) {
    self.init(
      family: family,
      settings: ResidualSettings(
        channels: channels, blocks: blocks, dropout: dropout, zeroInitialisedOutput: zeroInitialisedOutput
      ).attributes, scales: scales, constraint: constraint, layout: layout)
  }
}
