/// Which symmetries of a ring without disorder training samples are moved by, at random and anew in each batch.
public struct SymmetryAugmentation: Codable, Sendable, Equatable {
  /// The ring is turned by a random number of sites.
  public var translations: Bool
  /// The ring is seen in a mirror, in every second sample on average.
  public var reflections: Bool

  public static let all = SymmetryAugmentation(translations: true, reflections: true)

  public init(translations: Bool, reflections: Bool) {
    self.translations = translations
    self.reflections = reflections
  }
}
