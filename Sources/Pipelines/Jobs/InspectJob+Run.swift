internal import Foundation
internal import Streams

extension InspectJob {
  /// What there is in a run's folder.
  struct RunContent: Codable {
    var run: String
    var state: RunState
    /// Names of the stores, the logs and the checkpoints that are kept, in order.
    var stores: [String]
    var logs: [String]
    var checkpoints: [String]
    /// What the link to the best checkpoint points to.
    var best: String?
    /// How many checkpoints ended so, by the judge's name and the word of the ledger.
    var ledger: [String: [String: Int]]

    init(_ directory: RunDirectory) throws {
      run = directory.shown()
      state = try RunState(of: directory)
      let names = ((try? FileManager.default.contentsOfDirectory(atPath: directory.url.path)) ?? []).sorted()
      stores = names.filter { FileManager.default.fileExists(atPath: directory.file($0 + "/zarr.json").path) }
      logs = names.filter { $0.hasSuffix(".jsonl") }
      let folder = CheckpointFolder(directory.file("checkpoints"))
      checkpoints = folder.files.map(\.name)
      best = try? FileManager.default.destinationOfSymbolicLink(atPath: folder.bestLink.path)
      var ledger: [String: [String: Int]] = [:]
      if logs.contains("ledger.jsonl") {
        try JSONLinesFollower.each(of: directory.file("ledger.jsonl")) { line in
          let event = try? JSONDecoder().decode(CheckpointLedger.Event.self, from: Data(line.object.utf8))
          guard case .ended(_, let judge, let outcome, _, _, _, _)? = event else { return }
          ledger[judge, default: [:]][outcome.rawValue, default: 0] += 1
        }
      }
      self.ledger = ledger
    }
  }

  /// A run in words, or as JSON.
  func run(in directory: RunDirectory) throws -> String {
    let content = try RunContent(directory)
    if json { return try RunState.text(content) }
    var lines = content.state.lines(of: directory)
    lines.append("stores: \(content.stores.isEmpty ? "none" : content.stores.joined(separator: ", "))")
    lines.append("logs: \(content.logs.isEmpty ? "none" : content.logs.joined(separator: ", "))")
    let kept = content.checkpoints
    lines.append(
      "checkpoints: \(kept.isEmpty ? "none" : "\(kept.count), \(kept[0]) to \(kept[kept.count - 1])")"
        + (content.best.map { "; best \($0)" } ?? ""))
    for (judge, outcomes) in content.ledger.sorted(by: { $0.key < $1.key }) {
      let words = outcomes.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
      lines.append("\(judge): \(words.joined(separator: ", "))")
    }
    if let program = content.state.program { lines.append("by \(program)") }
    return lines.joined(separator: "\n")
  }
}
