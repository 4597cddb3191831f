/// Which symmetries of a system training samples are moved by, at random and anew in each batch.
public struct SymmetryAugmentation: Codable, Sendable, Equatable {
  /// The domain is turned by a random number of sites.
  public var translations: Bool
  /// The domain is seen in a mirror, in every second sample on average.
  public var reflections: Bool

  public static let all = SymmetryAugmentation(translations: true, reflections: true)

  public init(translations: Bool, reflections: Bool) {
    self.translations = translations
    self.reflections = reflections
  }
}
