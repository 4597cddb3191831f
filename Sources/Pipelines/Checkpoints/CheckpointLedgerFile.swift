internal import Foundation
internal import Streams
internal import Synchronization

/// The ledger of a run's checkpoints with its file, `ledger.jsonl`, from which a resumed run goes on.
final class CheckpointLedgerFile: Sendable {
  private let log: JSONLinesLog
  private let ledger: Mutex<CheckpointLedger>
  /// By step, when the trainer was about to rename the newest ones into place. Known before anybody can see the file.
  private let renamed = Mutex<[(step: Int, at: Double)]>([])

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

  /// The run's own checkpoint of this step comes into place now.
  func willLand(step: Int, at time: Double = Date().timeIntervalSince1970) {
    renamed.withLock { renamed in
      renamed.removeAll { $0.step == step }
      renamed.append((step, time))
      if renamed.count > 64 { renamed.removeFirst() }
    }
  }

  /// Takes in that a file is there.
  /// - Parameters:
  ///   - inode: The file's identity, if it was asked for already.
  ///   - noticed: When it was seen, in seconds since 1970.
  /// - Throws: `LogError` when it cannot be written.
  func land(_ file: CheckpointFile, inode: UInt64? = nil, in folder: CheckpointFolder, noticed: Double? = nil) throws {
    guard let inode = inode ?? folder.identity(of: file.url) else { return }
    let known = folder.pattern == nil ? renamed.withLock { $0.last { $0.step == file.step }?.at } : nil
    try record(.landed(step: file.step, inode: inode, changed: known ?? folder.changed(file.url), noticed: noticed))
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
