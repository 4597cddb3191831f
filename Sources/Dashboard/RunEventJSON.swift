public import Foundation
public import Streams

/// Run events as the page reads them: one object each, with its topic in `topic`.
public enum RunEventJSON {
  public static func encode(_ event: RunEvent) throws -> Data { try encoder().encode(Line(event)) }

  public static func encode(_ events: [RunEvent]) throws -> Data { try encoder().encode(events.map(Line.init)) }

  /// Numbers that are not finite become words, because JSON has none for them; the page shows a gap.
  private static func encoder() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    encoder.outputFormatting = .sortedKeys
    return encoder
  }

  private struct Line: Encodable {
    var topic: String
    var step: Int?
    var time: Double?
    var trajectory: Int?
    var values: [String: Double]?
    var checkpoint: String?
    var truth: [RunEvent.Series]?
    var model: [RunEvent.Series]?
    var series: [RunEvent.Series]?
    var words: String?
    var graph: GraphSnapshot?

    init(_ event: RunEvent) {
      topic = event.topic
      switch event {
      case .training(let step, let values): (self.step, self.values) = (step, values)
      case .frame(let trajectory, let time, let values):
        (self.trajectory, self.time, self.values) = (trajectory, time, values)
      case .rollout(let checkpoint, let step, let truth, let model):
        (self.checkpoint, self.step, self.truth, self.model) = (checkpoint, step, truth, model)
      case .climate(let series, let values): (self.series, self.values) = (series, values)
      case .verdict(let checkpoint, let step, let values, let words):
        (self.checkpoint, self.step, self.values, self.words) = (checkpoint, step, values, words)
      case .graph(let graph, let bottleneck): (self.graph, words) = (graph, bottleneck)
      case .message(let text): words = text
      }
    }
  }
}
