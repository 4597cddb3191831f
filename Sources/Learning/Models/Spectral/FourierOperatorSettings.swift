public import Settings
public import Trajectories

extension ModelFamily {
  /// A Fourier neural operator in one dimension.
  public static let fno = ModelFamily(rawValue: "fno")
}

/// The settings of Fourier neural operators.
public struct FourierOperatorSettings: Sendable, Equatable {
  /// Numbers at each site between the first layer and the last.
  public var width = 32
  /// Layers of Fourier modes.
  public var layers = 4
  /// Fourier modes that a layer mixes, from the mean on; the others pass through its pointwise part alone.
  public var modes = 16
  /// Numbers of the hidden layer of the projection.
  public var projection = 128
  /// Whether the last layer starts at zero, so that training starts from persistence.
  public var zeroInitialisedOutput = true

  public init(
    width: Int = 32, layers: Int = 4, modes: Int = 16, projection: Int = 128, zeroInitialisedOutput: Bool = true
  ) {
    self.width = width
    self.layers = layers
    self.modes = modes
    self.projection = projection
    self.zeroInitialisedOutput = zeroInitialisedOutput
  }

  /// Reads the keys of a pipeline file.
  public init(_ section: ConfigurationSection) {
    width = section.integer("width", default: width, in: 1...1024, "Numbers at each site in the layers")
    layers = section.integer("layers", default: layers, in: 1...64, "Layers of Fourier modes")
    modes = section.integer(
      "modes", default: modes, in: 1...1024, "Fourier modes that a layer mixes, the mean among them; at most N/2 + 1")
    projection = section.integer(
      "projection", default: projection, in: 1...4096, "Numbers of the hidden layer behind them")
    zeroInitialisedOutput = section.flag(
      "zero-output", default: true, "The last layer starts at zero: training starts from persistence")
  }

  /// As a configuration holds them.
  /// - Throws: `LearningError` of code `invalidConfiguration` for a setting that is missing, unknown or out of bounds.
  public init(_ configuration: ModelConfiguration) throws {
    width = try configuration.setting("width", \.integer)
    layers = try configuration.setting("layers", \.integer)
    modes = try configuration.setting("modes", \.integer)
    projection = try configuration.setting("projection", \.integer)
    zeroInitialisedOutput = try configuration.setting("zeroInitialisedOutput", \.flag)
    try configuration.refuseSettings(beyond: attributes.keys)
    func check(_ value: Int, _ bounds: ClosedRange<Int>, _ name: String) throws {
      guard bounds.contains(value) else {
        throw LearningError(
          .invalidConfiguration,
          "\(name) of an fno must be between \(bounds.lowerBound) and \(bounds.upperBound), got \(value)")
      }
    }
    try check(width, 1...1024, "width")
    try check(layers, 1...64, "layers")
    try check(modes, 1...1024, "modes")
    try check(projection, 1...4096, "projection")
  }

  /// As they stand in a configuration.
  public var attributes: [String: Attribute] {
    [
      "width": .number(Double(width)), "layers": .number(Double(layers)), "modes": .number(Double(modes)),
      "projection": .number(Double(projection)), "zeroInitialisedOutput": .flag(zeroInitialisedOutput),
    ]
  }
}
