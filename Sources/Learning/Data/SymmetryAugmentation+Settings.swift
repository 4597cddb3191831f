public import Settings

extension SymmetryAugmentation {
  /// Reads the section `augment`; nil when nothing is to be moved.
  public init?(_ section: ConfigurationSection) {
    self.init(
      translations: section.flag("translation", default: false, "The ring is turned at random"),
      reflections: section.flag("reflection", default: false, "The ring is mirrored at random"))
    if !translations && !reflections { return nil }
  }
}
