internal import Foundation
internal import Streams
internal import Synchronization

/// The ledger of a run's checkpoints with its file, `ledger.jsonl`, from which a resumed run goes on.
final class CheckpointLedgerFile: Sendable {
  private let log: JSONLinesLog
  private let ledger: Mutex<CheckpointLedger>

  /// Reads what an earlier run has written.
  /// - Throws: `LogError` when the file cannot be read or written.
  init(_ url: URL) throws {
    var ledger = CheckpointLedger()
    try JSONLinesFollower.each(of: url) { line in
      if let event = try? JSONDecoder().decode(CheckpointLedger.Event.self, from: Data(line.object.utf8)) {
        ledger.apply(event)
      }
    }
    self.ledger = Mutex(ledger)
    // Few lines, on which much rests.
    log = try JSONLinesLog(url, synchronised: .everyLine)
  }

  var current: CheckpointLedger { ledger.withLock { $0 } }

  /// Takes in that a file is there.
  /// - Throws: `LogError` when it cannot be written.
  func land(_ file: CheckpointFile, in folder: CheckpointFolder) throws {
    if let inode = folder.identity(of: file.url) {
      try record(.landed(step: file.step, inode: inode, changed: folder.changed(file.url)))
    }
  }

  /// Takes in an event and writes it down, if it changes anything.
  /// - Throws: `LogError` when it cannot be written.
  func record(_ event: CheckpointLedger.Event) throws {
    // Written under the lock, so that the file has the order of the states.
    try ledger.withLock { ledger in
      var new = ledger
      guard new.apply(event) else { return }
      // What could not be written down has not happened, and may be recorded again.
      try log.append(event)
      ledger = new
    }
  }
}
