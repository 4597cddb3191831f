internal import Foundation
internal import Settings
internal import Streams
internal import Synchronization

/// Checkpoints of the run, as they land.
struct CheckpointSource: Component, CheckpointWatching {
  static let word = "checkpoint-watch"
  static let summary =
    "Notices new checkpoints, the run's or another program's, by inotify (by polling where it is blind)."
  static let inputs: Set<ElementType> = []
  static let output: ElementType? = .checkpoints

  private let path: String?
  private let pattern: String
  private let follows: Bool
  private let quiet: Duration
  private let deadline: Duration
  private let timer: Duration

  init(_ section: ConfigurationSection) {
    path = section.optionalText("path", "A folder of another program; the run's own checkpoints when left out")
    pattern = section.text("pattern", default: "*.safetensors", "Which files of that folder are checkpoints")
    follows = section.flag(
      "follow", default: true, "Wait for more; without, what that folder holds is judged and the source ends")
    for key in ["pattern", "follow"] where path == nil && section.has(key) {
      section.problem("is of no use without `path`", key: key)
    }
    if pattern.isEmpty || pattern.contains("/") { section.problem("expected a file name with * or ?", key: "pattern") }
    quiet = section.duration(
      "quiet", default: "50ms",
      "Files that are written in place must be silent for so long; one that is renamed into place is read at once")
    deadline = section.duration("deadline", default: "1 s", "Longest wait after a first event")
    timer = section.duration("rescan", default: "5 s", "The folder is read so often in any case")
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let folder = checkpoints(in: assembly.directory)
    if path == nil {
      try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
    } else if !FileManager.default.fileExists(atPath: folder.url.path) {
      throw RunError(.badInput, "\(node.id): there is no folder \(folder.url.relativePath) with checkpoints")
    }
    let ledger = try assembly.ledger()
    let patience = assembly.patience
    if !follows {
      let files = Mutex(folder.files[...])
      let flow: Flow<CheckpointFile> = assembly.graph.source(node.id, kind: Self.word) {
        guard var file = files.withLock({ $0.popFirst() }) else { return nil }
        file.inode = folder.identity(of: file.url)
        let landed = file
        if let inode = file.inode {
          let noticed = Date().timeIntervalSince1970
          _ = try await patience("ledger.jsonl") {
            try ledger.land(landed, inode: inode, in: folder, noticed: noticed)
          }
        }
        return file
      }
      return .checkpoints(flow)
    }
    let events = assembly.events
    let watch = DirectoryWatch(
      folder.url, quiet: quiet, deadline: deadline, timer: timer, stop: assembly.graph.stop
    ) { events.send(.message("\(node.id): \($0)")) }
    let checkpoints = NewCheckpoints(folder: folder, watch: watch, ledger: ledger, patience: patience)
    return .checkpoints(assembly.graph.source(node.id, kind: Self.word, checkpoints))
  }

  /// The folder that is watched.
  func checkpoints(in directory: RunDirectory) -> CheckpointFolder {
    guard let path else { return CheckpointFolder(directory.file("checkpoints")) }
    return CheckpointFolder(URL(filePath: path), pattern: pattern, best: directory.url)
  }
}

/// Every checkpoint file once, in order of step, as scans of its folder show it.
struct NewCheckpoints: AsyncSequence, Sendable {
  typealias Element = CheckpointFile
  let folder: CheckpointFolder
  let watch: DirectoryWatch
  /// Is told of each, before anybody else is.
  let ledger: CheckpointLedgerFile?
  let patience: DiskPatience

  func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(folder: folder, ledger: ledger, patience: patience, scans: watch.makeAsyncIterator())
  }

  struct AsyncIterator: AsyncIteratorProtocol {
    let folder: CheckpointFolder
    let ledger: CheckpointLedgerFile?
    let patience: DiskPatience
    let scans: DirectoryWatch.AsyncIterator
    /// A file renamed, or a new one on a reused inode, is another checkpoint.
    struct Identity: Hashable {
      var inode: UInt64
      var step: Int
    }
    var seen: Set<Identity> = []
    var ready: [CheckpointFile] = []

    mutating func next() async throws -> CheckpointFile? {
      while ready.isEmpty {
        guard let scan = await scans.next() else { return nil }
        for file in scan.files {
          guard var found = folder.file(named: file.name), let identity = folder.identity(of: found.url),
            seen.insert(Identity(inode: identity, step: found.step)).inserted
          else { continue }
          found.inode = identity
          let (landed, noticed) = (found, Date().timeIntervalSince1970)
          _ = try await patience("ledger.jsonl") { [folder, ledger] in
            try ledger?.land(landed, inode: identity, in: folder, noticed: noticed)
          }
          ready.append(found)
        }
        ready.sort { ($0.step, $0.name) < ($1.step, $1.name) }
      }
      return ready.removeFirst()
    }
  }
}
