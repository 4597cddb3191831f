internal import Climate
internal import Foundation
internal import Streams

extension Verdict {
  /// The verdict as a row of the table of all verdicts that one stage gives.
  func row(of stage: String) -> RunEvent.Row {
    let headline = headline
    // A checkpoint of another program need not be named after a step.
    let name =
      CheckpointFolder.step(of: checkpoint + ".safetensors") == nil ? checkpoint : String(format: "step %7d", step)
    return .init(
      table: "Verdicts of \(stage)", key: checkpoint,
      values: [.init("step", Double(step))] + headline.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) },
      words: "  \(name)   \(rowWords)", brief: statusWords, explanation: words)
  }
}
