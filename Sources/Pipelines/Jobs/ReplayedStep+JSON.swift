internal import Foundation
internal import Learning

extension ReplayedStep {
  /// The step for programs: an object with the batch, and the numbers beside those that were logged.
  /// - Throws: What the encoder throws.
  public var json: String {
    get throws {
      let before = logged.map(Self.rows)
      return try RunState.text(
        Content(
          run: run, step: report.step, checkpoint: checkpoint, unrolled: unrolled,
          samples: batch.map { .init(trajectory: $0.trajectory, frame: $0.frame) }, usesStore: usesStore,
          usesSimulator: usesSimulator,
          numbers: Self.rows(report).enumerated().map { index, row in
            .init(
              name: row.name.trimmingCharacters(in: .whitespaces), value: row.value,
              logged: before.flatMap { index < $0.count ? $0[index].value : nil })
          }, anomaly: report.anomaly.map { "\($0)" }, agrees: agrees))
    }
  }

  private struct Content: Encodable {
    struct Sample: Encodable {
      var trajectory: Int
      var frame: Int
    }
    struct Number: Encodable {
      var name: String
      var value: Float
      /// What the run logged; left out where it logged nothing of this step.
      var logged: Float?
    }
    var run: String
    var step: Int
    var checkpoint: String?
    var unrolled: Int
    var samples: [Sample]
    var usesStore: Bool
    var usesSimulator: Bool
    var numbers: [Number]
    var anomaly: String?
    var agrees: Bool?
  }
}
