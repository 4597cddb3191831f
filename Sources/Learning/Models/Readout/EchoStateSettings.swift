public import Settings
public import Trajectories

/// The settings of echo-state networks.
public struct EchoStateSettings: Sendable, Equatable {
  /// Hidden units of the state, or of each place of a lattice.
  public var units = 300
  /// Hidden units that one is driven by.
  public var degree = 10
  /// Spectral radius of the recurrent weights; below 1 echoes fade.
  public var spectralRadius = 0.9
  /// Rate at which the hidden state follows its drive.
  public var leak = 1.0
  /// Standard deviation of what the input adds to the drive, for inputs as large as their scale.
  public var drive = 1.0
  /// Largest constant drive.
  public var bias = 0.5
  /// Neighbours that are looked at along each axis, where there are neighbours.
  public var radius = 2
  /// Whether every second unit is squared before it is read, which breaks the symmetry of tanh.
  public var squares = true
  /// Frames that a hidden state of zeros is shown before it is used.
  public var warmUp = 32
  /// α of ‖ΔX − W O‖² + α ‖W‖², with sums over all frames and places.
  public var ridge = 1e-6
  /// Weight of a frame relative to the one after it.
  public var forgetting = 1.0

  public init() {}

  /// Reads the keys of a pipeline file.
  public init(_ section: ConfigurationSection) {
    units = section.integer(
      "units", default: units, in: 1...4000, "Hidden units, of each place where there are neighbours")
    degree = section.integer("degree", default: degree, in: 1...1000, "Hidden units that one is driven by")
    spectralRadius = section.number(
      "spectral-radius", default: spectralRadius, in: 0...10, "Spectral radius of the recurrent weights")
    leak = section.number("leak", default: leak, in: 1e-6...1, "Rate at which hidden units follow their drive")
    drive = section.number("drive", default: drive, in: 0...100, "Size of the input's part of the drive")
    bias = section.number("bias", default: bias, in: 0...100, "Largest constant part of the drive")
    radius = section.integer(
      "radius", default: radius, in: 0...64, "Neighbours that are looked at along each axis, where there are neighbours"
    )
    squares = section.flag("squares", default: squares, "Every second unit is squared before it is read")
    warmUp = section.integer(
      "warm-up", default: warmUp, in: 0...4000, "Frames that hidden units are shown before they are used")
    ridge = section.number("ridge", default: ridge, in: 1e-300...1e300, "Ridge of the least squares")
    forgetting = section.number(
      "forgetting", default: forgetting, in: 0.5...1, "Weight of a frame relative to the one after it")
  }

  /// As a configuration holds them.
  /// - Throws: `LearningError` of code `invalidConfiguration` for a setting that is missing, unknown or out of bounds.
  public init(_ configuration: ModelConfiguration) throws {
    units = try configuration.setting("units", \.integer)
    degree = try configuration.setting("degree", \.integer)
    spectralRadius = try configuration.setting("spectralRadius", \.number)
    leak = try configuration.setting("leak", \.number)
    drive = try configuration.setting("drive", \.number)
    bias = try configuration.setting("bias", \.number)
    radius = try configuration.setting("radius", \.integer)
    squares = try configuration.setting("squares", \.flag)
    warmUp = try configuration.setting("warmUp", \.integer)
    ridge = try configuration.setting("ridge", \.number)
    forgetting = try configuration.setting("forgetting", \.number)
    try configuration.refuseSettings(beyond: attributes.keys)
    func check(_ condition: Bool, _ name: String, _ bounds: String) throws {
      guard condition else {
        throw LearningError(.invalidConfiguration, "\(name) of an echo-state network must be \(bounds)")
      }
    }
    try check((1...4000).contains(units), "units", "between 1 and 4000")
    try check((1...1000).contains(degree), "degree", "between 1 and 1000")
    try check(spectralRadius >= 0 && spectralRadius <= 10, "spectralRadius", "between 0 and 10")
    try check(leak > 0 && leak <= 1, "leak", "above 0 and at most 1")
    try check(drive >= 0 && drive <= 100, "drive", "between 0 and 100")
    try check(bias >= 0 && bias <= 100, "bias", "between 0 and 100")
    try check((0...64).contains(radius), "radius", "between 0 and 64")
    try check((0...4000).contains(warmUp), "warmUp", "between 0 and 4000")
    try check(ridge > 0 && ridge.isFinite, "ridge", "above 0")
    try check(forgetting >= 0.5 && forgetting <= 1, "forgetting", "between 0.5 and 1")
  }

  /// As they stand in a configuration.
  public var attributes: [String: Attribute] {
    [
      "units": .number(Double(units)), "degree": .number(Double(degree)), "spectralRadius": .number(spectralRadius),
      "leak": .number(leak), "drive": .number(drive), "bias": .number(bias), "radius": .number(Double(radius)),
      "squares": .flag(squares), "warmUp": .number(Double(warmUp)), "ridge": .number(ridge),
      "forgetting": .number(forgetting),
    ]
  }
}
