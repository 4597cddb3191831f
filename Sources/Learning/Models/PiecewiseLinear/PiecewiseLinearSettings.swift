public import Settings
public import Trajectories

extension ModelFamily {
  /// A shallow piecewise linear recurrent network, trained by generalised teacher forcing.
  public static let shallowPLRNN = ModelFamily(rawValue: "shplrnn")
  /// An almost linear recurrent network, trained by sparse teacher forcing.
  public static let almostLinearRNN = ModelFamily(rawValue: "al-rnn")
}

/// The settings of piecewise linear recurrent networks.
public struct PiecewiseLinearSettings: Sendable, Equatable {
  public var family: ModelFamily
  /// Hidden units of the shallow network.
  public var hidden = 100
  /// Whether the shallow network's forcing follows the Jacobians of the data; else it is `teacher-forcing`.
  public var isAdaptive = true
  /// Units of the almost linear network, the observed ones among them.
  public var latent = 20
  /// How many of them are rectified, the last ones.
  public var rectified = 2
  /// Steps from one forcing of the almost linear network to the next.
  public var interval = 16
  /// Weight of the squares of 1 − A, W and h in the loss.
  public var regularisation: Float = 1e-5

  public init(_ family: ModelFamily) { self.family = family }

  private var isShallow: Bool { family == .shallowPLRNN }

  /// Reads the keys of a pipeline file.
  public init(_ family: ModelFamily, _ section: ConfigurationSection) {
    self.init(family)
    hidden = section.integer("hidden", default: hidden, in: 1...4096, "shplrnn: hidden units")
    isAdaptive = section.flag(
      "adaptive", default: isAdaptive, "shplrnn: the forcing follows the data's Jacobians; else it is `teacher-forcing`"
    )
    latent = section.integer("latent", default: latent, in: 1...1024, "al-rnn: units, the observed ones among them")
    rectified = section.integer("rectified", default: rectified, in: 0...1024, "al-rnn: units that are rectified")
    interval = section.integer("forcing-interval", default: interval, in: 1...4096, "al-rnn: steps between forcings")
    regularisation = Float(
      section.number("regularisation", default: 1e-5, in: 0...1, "Weight of the squares of 1 − A, W and h in the loss"))
  }

  /// As a configuration holds them.
  /// - Throws: `LearningError` of code `invalidConfiguration` for a setting that is missing, unknown or out of bounds.
  public init(_ configuration: ModelConfiguration) throws {
    self.init(configuration.family)
    hidden = try configuration.setting("hidden", \.integer)
    isAdaptive = try configuration.setting("adaptive", \.flag)
    latent = try configuration.setting("latent", \.integer)
    rectified = try configuration.setting("rectified", \.integer)
    interval = try configuration.setting("forcingInterval", \.integer)
    regularisation = Float(try configuration.setting("regularisation", \.number))
    try configuration.refuseSettings(beyond: attributes.keys)
    func check(_ condition: Bool, _ name: String, _ bounds: String) throws {
      guard condition else {
        throw LearningError(.invalidConfiguration, "\(name) of the \(family.rawValue) must be \(bounds)")
      }
    }
    try check((1...4096).contains(hidden), "hidden", "between 1 and 4096")
    try check((1...1024).contains(latent), "latent", "between 1 and 1024")
    try check((0...latent).contains(rectified) || isShallow, "rectified", "between 0 and latent")
    try check((1...4096).contains(interval), "forcingInterval", "between 1 and 4096")
    try check(regularisation >= 0 && regularisation <= 1, "regularisation", "between 0 and 1")
  }

  /// As they stand in a configuration.
  public var attributes: [String: Attribute] {
    [
      "hidden": .number(Double(hidden)), "adaptive": .flag(isAdaptive), "latent": .number(Double(latent)),
      "rectified": .number(Double(rectified)), "forcingInterval": .number(Double(interval)),
      "regularisation": .number(Double("\(regularisation)") ?? Double(regularisation)),
    ]
  }
}
