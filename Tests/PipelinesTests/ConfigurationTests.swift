import Foundation
import Testing

@testable import Pipelines
@testable import Settings

@Suite("A pipeline file")
struct ConfigurationTests {
  private func read(_ yaml: String, set overrides: [String] = [], _ body: (ConfigurationSection) -> Void) throws
    -> [String]
  {
    let overrides = try overrides.map(ConfigurationOverride.init)
    let diagnostics = ConfigurationDiagnostics(overrides: overrides)
    let root = try ConfigurationFile(text: yaml, name: "p.yaml", overrides: overrides).section(diagnostics)
    body(root)
    root.refuseUnknownKeys()
    return diagnostics.problems.map(\.description)
  }

  @Test("An unknown key is refused with its line, column and the key that was probably meant")
  func unknownKey() throws {
    let problems = try read("lattice:\n  sitse: 16\n") { root in
      _ = root.section("lattice").integer("sites", default: 8, "Sites")
    }
    #expect(problems == ["p.yaml:2:3: lattice: unknown key `sitse`; did you mean `sites`?"])
  }

  @Test("All problems of a file are found in one reading")
  func allProblems() throws {
    let problems = try read("a: x\nb: -1\nc: 3 parsecs\n") { root in
      _ = root.number("a", default: 1, "A")
      _ = root.integer("b", default: 1, in: 0...4, "B")
      _ = root.duration("c", default: "1 s", "C")
    }
    #expect(
      problems == [
        "p.yaml:1:4: a: expected a number, got `x`",
        "p.yaml:2:4: b: expected a whole number from 0 to 4, got `-1`",
        "p.yaml:3:4: c: expected a time such as 200ms, 30 s or 5 minutes, got `3 parsecs`",
      ])
  }

  @Test("A value on the command line wins over the file, also where the file has no such key")
  func override() throws {
    var sites = 0
    var seed = 0
    let problems = try read("lattice: { sites: 16 }", set: ["lattice.sites=32", "train.seed=5"]) { root in
      sites = root.section("lattice").integer("sites", default: 8, "Sites")
      seed = root.section("train").integer("seed", default: 0, "Seed")
    }
    #expect(problems.isEmpty)
    #expect(sites == 32)
    #expect(seed == 5)
  }

  @Test("A wrong value on the command line is reported as the command line's")
  func wrongOverride() throws {
    let problems = try read("lattice: { sites: 16 }", set: ["lattice.sites=many"]) { root in
      _ = root.section("lattice").integer("sites", default: 8, "Sites")
    }
    #expect(problems == ["--set lattice.sites=many: lattice.sites: expected a whole number, got `many`"])
  }

  @Test("An override that leads into a number says so")
  func overrideIntoScalar() {
    #expect(throws: ConfigurationError.self) {
      try ConfigurationFile(text: "lattice: 3", name: "p.yaml", overrides: [ConfigurationOverride("lattice.sites=1")])
    }
  }

  @Test(
    "Text that is not YAML is an error with the line where it breaks",
    arguments: ["a: [1, 2", "a: {b: 1", "a: 1\n\tb: 2"])
  func notYAML(text: String) {
    let error = #expect(throws: ConfigurationError.self) { try ConfigurationFile(text: text, name: "p.yaml") }
    #expect(error?.problems.first?.line != nil)
  }

  @Test("A few lines of aliases that stand for billions of values are refused")
  func aliasBomb() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...9 {
      text += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
    }
    #expect(throws: ConfigurationError.self) { try ConfigurationFile(text: text, name: "p.yaml") }
  }

  @Test("Aliases within keys, which are compared by everything in them, cost nothing before they are refused")
  func aliasBombInKeys() {
    var text = "a0: &a0 [x, x]\n"
    for level in 1...40 { text += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    for end in ["? *a40\n: 1\n", "b: { *a40 }\n", "b: { [*a40]: 1, c: 2 }\n", "*a40 : 1\n"] {
      #expect(throws: ConfigurationError.self) { try ConfigurationFile(text: text + end, name: "p.yaml") }
    }
  }

  @Test("A few aliases are followed")
  func aliases() throws {
    let text = "m: &m { width: 8 }\na: *m\nb: *m\nc: [*m, *m]\npattern: \"epoch-*.safetensors\"\nd: *m\ne: *m\n"
    var widths: [Int] = []
    _ = try read(text) { root in
      for key in ["a", "b", "d", "e"] { widths.append(root.section(key).integer("width", default: 0, "Width")) }
      root.ignoreUnknownKeys()
    }
    #expect(widths == [8, 8, 8, 8])
  }

  @Test(
    "Text that is nested deeply, or holds too many values, is refused and ends nothing",
    arguments: [
      String(repeating: "[", count: 200_000), String(repeating: "{a: ", count: 50_000),
      String(repeating: "- ", count: 100_000),
      String(repeating: "? ", count: 100_000),
      "a: " + String(repeating: "[", count: 999) + String(repeating: "]", count: 999),
      String(repeating: "- ", count: 900) + "x", "[" + String(repeating: "x,", count: 100_000) + "]",
      "{" + (0..<9000).map { "\($0): 1" }.joined(separator: ", ") + ", a: [" + String(repeating: "x,", count: 2000)
        + "]}",
      String(repeating: "x", count: 1 << 19),
    ])
  func deep(text: String) {
    #expect(throws: ConfigurationError.self) { try ConfigurationFile(text: text, name: "p.yaml") }
    #expect(throws: ConfigurationError.self) {
      try ConfigurationFile(text: "a: 1", name: "p.yaml", overrides: [ConfigurationOverride("a=" + text)])
    }
  }

  @Test("A file without end is read no further than a pipeline may go")
  func endless() {
    let error = #expect(throws: ConfigurationError.self) {
      try ConfigurationFile(contentsOf: URL(filePath: "/dev/zero"))
    }
    #expect(error?.problems.first?.message.contains("256 KiB") == true)
  }

  @Test(
    "Quantities read as people write them",
    arguments: [("200ms", 0.2), ("5 minutes", 300), ("1.5 h", 5400), ("7 days", 604_800)])
  func durations(text: String, seconds: Double) {
    #expect(Quantity.duration(text) == .seconds(seconds))
  }

  @Test(
    "Quantities without a unit, or with a foreign one, are not guessed",
    arguments: ["5", "-1 s", "3 furlongs", "nan s", ""])
  func notDurations(text: String) {
    #expect(Quantity.duration(text) == nil)
    #expect(Quantity.bytes(text) == nil)
  }
}
