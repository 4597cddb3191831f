import Settings
import Testing

@Suite("Settings of the command line")
struct SettingsTests {
  @Test("A dot leads into a section, and what nobody reads is refused with a suggestion.")
  func sections() throws {
    let diagnostics = ConfigurationDiagnostics()
    let section = try ConfigurationSection(["order=2", "model.width=64", "odrer=3"], diagnostics: diagnostics)
    #expect(section.integer("order", default: 1, "Order") == 2)
    #expect(section.section("model").integer("width", default: 1, "Width") == 64)
    section.refuseUnknownKeys()
    #expect(diagnostics.problems.map(\.description) == ["--set: unknown key `odrer`; did you mean `order`?"])
  }

  @Test(
    "A key that is given twice, or as a value and a section, is refused.",
    arguments: [["a=1", "a=2"], ["a=1", "a.b=2"]])
  func twice(settings: [String]) {
    #expect(throws: ConfigurationError.self) {
      try ConfigurationSection(settings, diagnostics: ConfigurationDiagnostics())
    }
  }

  @Test("A length of time beyond what a clock can hold is no length of time.", arguments: ["1e300 s", "1e300 days"])
  func times(text: String) {
    #expect(Quantity.duration(text) == nil)
    #expect(Quantity.duration("7 days") == .seconds(604_800))
  }
}
