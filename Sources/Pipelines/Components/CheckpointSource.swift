internal import Foundation
internal import Settings
internal import Streams

/// Checkpoints of the run, as they land.
struct CheckpointSource: Component {
  static let word = "checkpoint-watch"
  static let summary = "Notices new checkpoints of the run by inotify (by polling where inotify is blind)."
  static let inputs: Set<ElementType> = []
  static let output: ElementType? = .checkpoints

  private let quiet: Duration
  private let deadline: Duration
  private let timer: Duration

  init(_ section: ConfigurationSection) {
    quiet = section.duration("quiet", default: "50ms", "Events must be silent for so long before the folder is read")
    deadline = section.duration("deadline", default: "1 s", "Longest wait after a first event")
    timer = section.duration("rescan", default: "5 s", "The folder is read so often in any case")
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let folder = CheckpointFolder(assembly.checkpointFolder)
    try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
    let watch = DirectoryWatch(folder.url, quiet: quiet, deadline: deadline, timer: timer, stop: assembly.graph.stop)
    let checkpoints = NewCheckpoints(folder: folder, watch: watch, ledger: try assembly.ledger())
    return .checkpoints(assembly.graph.source(node.id, kind: Self.word, checkpoints))
  }
}

/// Every checkpoint file once, in order of step, as scans of its folder show it.
struct NewCheckpoints: AsyncSequence, Sendable {
  typealias Element = CheckpointFile
  let folder: CheckpointFolder
  let watch: DirectoryWatch
  /// Is told of each, before anybody else is.
  let ledger: CheckpointLedgerFile?

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(folder: folder, ledger: ledger, scans: watch.makeAsyncIterator())
  }

  struct AsyncIterator: AsyncIteratorProtocol {
    let folder: CheckpointFolder
    let ledger: CheckpointLedgerFile?
    let scans: DirectoryWatch.AsyncIterator
    var seen: Set<UInt64> = []
    var ready: [CheckpointFile] = []

    mutating func next() async throws -> CheckpointFile? {
      while ready.isEmpty {
        guard let scan = await scans.next() else { return nil }
        for file in scan.files {
          guard let step = CheckpointFolder.step(of: file.name), seen.insert(file.inode).inserted else { continue }
          try ledger?.record(.landed(step: step, inode: file.inode))
          ready.append(CheckpointFile(url: folder.url.appending(path: file.name), step: step, inode: file.inode))
        }
        ready.sort { $0.step < $1.step }
      }
      return ready.removeFirst()
    }
  }
}
