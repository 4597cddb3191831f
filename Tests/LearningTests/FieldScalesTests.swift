import Foundation
import Settings
import Testing
import Trajectories

@testable import Learning

struct FieldScalesTests {
  private func json(_ scales: FieldScales) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return String(decoding: try encoder.encode(scales), as: UTF8.self)
  }

  private func read(_ json: String) throws -> FieldScales {
    try JSONDecoder().decode(FieldScales.self, from: Data(json.utf8))
  }

  private let scale = FieldScale(state: 1, tendency: 2, increment: 3)

  @Test("Scales are written under the names of the published checkpoints, for fields of any name")
  func keys() throws {
    let scales = FieldScales(["Q": scale, "x_1": scale])
    #expect(try json(scales) == #"{"Q":1,"dQ":2,"delta_Q":3,"delta_x_1":3,"dx_1":2,"x_1":1}"#)
    #expect(try read(json(scales)) == scales)
    #expect(throws: DecodingError.self) { try read(#"{"Q":1,"dQ":2}"#) }
    #expect(throws: DecodingError.self) { try read(#"{"Q":1,"dQ":2,"delta_Q":3,"R":1}"#) }
  }

  @Test(
    "Names of fields that look like those of others' scales are told apart",
    arguments: [["x", "dx"], ["x", "delta_x"], ["g", "delta_dg", "ddg"], ["d", "dd", "delta_d"], []])
  func ambiguous(names: [String]) throws {
    var scales = FieldScales()
    for (k, name) in names.enumerated() {
      scales[name] = FieldScale(state: Float(k) + 1, tendency: Float(k) + 10, increment: Float(k) + 100)
    }
    #expect(try read(json(scales)) == scales)
  }

  @Test("Each field has its own largest magnitudes")
  func fold() throws {
    let layout = StateLayout([Field("x"), Field("u", shape: [2])])
    var fold = FieldScalesFold()
    fold.add(
      try TrainingWindow(
        trajectory: 0, start: 0, layout: layout, values: [1, -2, 3, 4, 5, -6], tendencies: [0.5, -8, 7]))
    #expect(fold.result["x"] == FieldScale(state: 4, tendency: 0.5, increment: 3))
    #expect(fold.result["u"] == FieldScale(state: 6, tendency: 8, increment: 9))
    // A later window without derivatives, of a field that stands still.
    fold.add(try TrainingWindow(trajectory: 0, start: 0, layout: layout, values: [0, 9, 9, 0, 9, 9], tendencies: nil))
    #expect(fold.result["u"] == FieldScale(state: 9, tendency: 8, increment: 9))
  }

  @Test("Scales can be written down by hand, and what belongs to no field is refused")
  func given() throws {
    let layout = StateLayout([Field("x"), Field("dx")])
    let scales = try FieldScales(given: ["x": 2, "dx": 3, "ddx": 4, "delta_x": 5], for: layout)
    #expect(scales["x"] == FieldScale(state: 2, tendency: 1, increment: 5))
    #expect(scales["dx"] == FieldScale(state: 3, tendency: 4, increment: 1))
    let refused = #expect(throws: LearningError.self) { try FieldScales(given: ["y": 1], for: layout) }
    #expect(refused?.message.contains("no scale y") == true)

    let diagnostics = ConfigurationDiagnostics()
    func section(_ settings: [String]) throws -> ConfigurationSection {
      try ConfigurationSection(settings, diagnostics: diagnostics)
    }
    let read = ScalarRule.read(try section(["rule=given", "x=0.5", "delta-x=0.25"]))
    #expect(read.rule == .given && read.given == ["x": 0.5, "delta_x": 0.25])
    #expect(diagnostics.problems.isEmpty)
    #expect(ScalarRule.read(try section(["x=0.5"])).rule == .freeze(windows: 1))
    #expect(diagnostics.problems.map(\.message).last?.contains("of no use without `rule: given`") == true)
  }
}
