internal import Settings

/// What a catalogue teaches of one word, for programs: completions, editors, forms.
struct GuideContent: Encodable {
  struct Key: Encodable {
    var name: String
    /// What it is where the file leaves it out, as a file writes it; nil of a section.
    var fallback: String?
    var meaning: String
    /// Of a section.
    var keys: [Key]?

    private enum CodingKeys: String, CodingKey {
      case name, meaning, keys
      case fallback = "default"
    }
  }

  var word: String
  var summary: String
  /// Of a component: `sources`, `stages` or `sinks`, and what flows in and out.
  var role: String?
  var takes: [String]?
  var gives: String?
  /// Of one that was asked for.
  var keys: [Key]?

  init(_ word: String, _ summary: String, keys section: ConfigurationSection? = nil) {
    self.word = word
    self.summary = summary
    keys = section.map(Self.keys)
  }

  private static func keys(of section: ConfigurationSection) -> [Key] {
    section.keys.map { key in
      let child = section.child(named: key.name)
      return Key(
        name: key.name, fallback: child == nil && key.value != "[…]" ? key.value : nil, meaning: key.meaning,
        keys: child.map(keys))
    }
  }
}
