public import Settings
public import Trajectories

extension ModelFamily {
  /// Nonlinear vector autoregression: polynomials of the last frames, with a fitted readout.
  public static let nvar = ModelFamily(rawValue: "nvar")
}

/// The settings of nonlinear vector autoregression.
public struct VectorAutoregressionSettings: Sendable, Equatable {
  /// Largest number of factors of a product.
  public var order = 2
  /// Whether only products of an odd number of factors are taken, without a constant: for systems that look the same
  /// with all signs changed.
  public var isOdd = false
  /// Frames that are looked at.
  public var taps = 2
  /// Frames from one of them to the next.
  public var stride = 1
  /// Neighbours that are looked at along each axis, where there are neighbours.
  public var radius = 2
  /// α of ‖ΔX − W O‖² + α ‖W‖², with sums over all frames and places.
  public var ridge = 2.5e-6
  /// Weight of a frame relative to the one after it.
  public var forgetting = 1.0
  /// Whether numbers are divided by their field's scale before they are multiplied. In raw units a ridge may be too small
  /// for some products and too large for others, and rollouts then explode.
  public var isScaled = true

  public init(
    order: Int = 2, isOdd: Bool = false, taps: Int = 2, stride: Int = 1, radius: Int = 2, ridge: Double = 2.5e-6,
    forgetting: Double = 1, isScaled: Bool = true
  ) {
    self.order = order
    self.isOdd = isOdd
    self.taps = taps
    self.stride = stride
    self.radius = radius
    self.ridge = ridge
    self.forgetting = forgetting
    self.isScaled = isScaled
  }

  /// Reads the keys of a pipeline file.
  public init(_ section: ConfigurationSection) {
    order = section.integer("order", default: order, in: 1...8, "Largest number of factors of a product")
    isOdd = section.flag(
      "odd", default: isOdd,
      "Only products of an odd number of factors, for systems that look the same with all signs changed")
    taps = section.integer("taps", default: taps, in: 1...256, "Frames that are looked at")
    stride = section.integer("stride", default: stride, in: 1...1024, "Frames from one of them to the next")
    radius = section.integer(
      "radius", default: radius, in: 0...64, "Neighbours that are looked at along each axis, where there are neighbours"
    )
    ridge = section.number(
      "ridge", default: ridge, in: 1e-300...1e300,
      "Ridge of the least squares, added to sums over all frames (and places) of the features' squares")
    forgetting = section.number(
      "forgetting", default: forgetting, in: 0.5...1, "Weight of a frame relative to the one after it")
    isScaled = section.flag(
      "scaled", default: isScaled,
      "Divides numbers by their field's largest magnitude first; false for the raw units of the published programs")
  }

  /// As a configuration holds them.
  /// - Throws: `LearningError` of code `invalidConfiguration` for a setting that is missing, unknown or out of bounds.
  public init(_ configuration: ModelConfiguration) throws {
    order = try configuration.setting("order", \.integer)
    isOdd = try configuration.setting("odd", \.flag)
    taps = try configuration.setting("taps", \.integer)
    stride = try configuration.setting("stride", \.integer)
    radius = try configuration.setting("radius", \.integer)
    ridge = try configuration.setting("ridge", \.number)
    forgetting = try configuration.setting("forgetting", \.number)
    isScaled = try configuration.setting("scaled", \.flag)
    try configuration.refuseSettings(beyond: attributes.keys)
    func check(_ condition: Bool, _ name: String, _ bounds: String) throws {
      guard condition else { throw LearningError(.invalidConfiguration, "\(name) of an nvar must be \(bounds)") }
    }
    try check((1...8).contains(order), "order", "between 1 and 8")
    try check((1...256).contains(taps), "taps", "between 1 and 256")
    try check((1...1024).contains(stride), "stride", "between 1 and 1024")
    try check((0...64).contains(radius), "radius", "between 0 and 64")
    try check(ridge > 0 && ridge.isFinite, "ridge", "above 0")
    try check(forgetting >= 0.5 && forgetting <= 1, "forgetting", "between 0.5 and 1")
  }

  /// As they stand in a configuration.
  public var attributes: [String: Attribute] {
    [
      "order": .number(Double(order)), "odd": .flag(isOdd), "taps": .number(Double(taps)),
      "stride": .number(Double(stride)), "radius": .number(Double(radius)), "ridge": .number(ridge),
      "forgetting": .number(forgetting), "scaled": .flag(isScaled),
    ]
  }

  /// Frames before the newest that a prediction depends on.
  var memory: Int { (taps - 1) * stride }
}
