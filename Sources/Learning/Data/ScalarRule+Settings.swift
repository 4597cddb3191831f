public import Settings

extension ScalarRule {
  /// Reads the section `scalars`: `rule`, `windows`, `growth`, and with `rule: given` the scales themselves, for a field x
  /// as `x`, `dx` and `delta-x`.
  ///
  /// Which fields there are is known only with the source of the frames: `FieldScales(given:for:)` says what is wrong.
  /// - Returns: The rule, and what was written down (keys as in files: `delta_x`); nil without `rule: given`.
  public static func read(_ section: ConfigurationSection) -> (rule: ScalarRule, given: [String: Float]?) {
    enum Word { case freeze, adapt, given }
    let word = section.choice(
      "rule", default: "freeze", among: [("freeze", Word.freeze), ("adapt", .adapt), ("given", .given)],
      "Taken once from the windows before the first step; again when data outgrow them; or written here, as "
        + "`x`, `dx` and `delta-x` for the largest magnitudes of a field x, of dx/dt and of its change in an interval")
    let windows = section.integer(
      "windows", default: 1, in: 1...10_000_000, "Windows that must have come before the first step")
    let growth = section.number(
      "growth", default: 1.5, in: 1...1e6, "adapt: how much larger than its scalar a quantity may grow")
    let own = ["rule", "windows", "growth"]
    var given: [String: Float] = [:]
    for name in section.names where !own.contains(name) {
      // A misspelt key is left to be reported as one.
      guard word == .given || Spelling.suggestion(for: name, among: own) == nil else { continue }
      let value = section.number(name, default: 1, in: 1e-30...1e30, "given: a largest magnitude")
      given[name.hasPrefix("delta-") ? "delta_" + name.dropFirst("delta-".count) : name] = Float(value)
      if word != .given { section.problem("is of no use without `rule: given`; otherwise the data say it", key: name) }
    }
    return switch word {
    case .freeze: (.freeze(windows: windows), nil)
    case .adapt: (.adapt(windows: windows, growth: Float(growth)), nil)
    case .given: (.given, given)
    }
  }
}
