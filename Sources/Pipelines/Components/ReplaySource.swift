internal import Foundation
internal import Settings
internal import Streams
internal import Synchronization
internal import Trajectories
internal import Zarr

/// The trajectories of a store, as if they were simulated.
struct ReplaySource: Component, TrajectoryProviding {
  static let word = "replay"
  static let summary = "Streams the trajectories of a store, ours or one that others wrote with any arrays."
  static let inputs: Set<ElementType> = []
  static let output: ElementType? = .frames

  private let path: String
  private let passes: Int
  private let follows: Bool
  private let domain: DomainWord

  init(_ section: ConfigurationSection) {
    path = section.text("path", default: "", "The store")
    passes = section.integer("passes", default: 1, in: 1...1_000_000, "How often to go through it")
    follows = section.flag(
      "follow", default: false, "Go on with frames as they are stored, until nobody writes to the store any more")
    domain = DomainWord(section)
    if follows, passes > 1 {
      section.problem("a store that grows is gone through once; leave `passes` away", key: "passes")
    }
    if path.isEmpty, section.has("path") || !section.names.isEmpty {
      section.problem("needs the path of a store", key: "path")
    }
  }

  var rounds: Int? { passes }

  func trajectories() throws -> any TrajectorySource { try stored() }

  /// - Throws: `StoreError` when the store cannot be read.
  private func stored() throws -> StoredTrajectories { try domain.open(URL(filePath: path)) }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let source = try stored()
    assembly.register(source, as: node.id, startingAt: 0)
    let lease = try StoreLease(source.reader.url, trajectories: 0..<Int.max)
    // What a store holds is not held to the laws of a system: single precision breaks them. It must be numbers.
    let refused = DeadLetters(assembly.directory.file("refused-\(node.id).jsonl"), assembly.patience)
    @Sendable func isSound(_ frame: Frame) throws -> Bool {
      if frame.isFinite { return true }
      try refused.add(frame, reason: "a value is not finite")
      return false
    }
    if follows {
      let growing = GrowingStore(source, lease)
      return .frames(
        assembly.graph.source(node.id, kind: Self.word, on: ThreadExecutor(name: node.id)) {
          while let frame = try await growing.next() { if try isSound(frame) { return frame } }
          return nil
        })
    }
    guard source.longest > 0 else {
      throw RunError(.badInput, "\(path) holds no frames; if it is being written, say `follow: true`")
    }
    // All trajectories abreast, frame by frame, as an ensemble would come; each as far as it goes.
    let (passes, count) = (passes, source.reader.trajectories)
    let perPass = source.longest * count
    let next = Mutex(0)
    let flow: Flow<Frame> = assembly.graph.source(node.id, kind: Self.word, on: ThreadExecutor(name: node.id)) {
      defer { withExtendedLifetime(lease) {} }
      while true {
        let position = next.withLock { position in
          defer { position += 1 }
          return position
        }
        guard position / perPass < passes else { return nil }
        let (frame, trajectory) = (position % perPass).quotientAndRemainder(dividingBy: count)
        guard frame < source.reader.length(trajectory) else { continue }
        source.readAhead(of: trajectory, frame)
        let next = try source.frames(of: trajectory, frame..<frame + 1)[0]
        if try isSound(next) { return next }
      }
    }
    return .frames(flow)
  }
}

extension Frame {
  /// Whether all that it holds are numbers.
  var isFinite: Bool { state.isFinite && mid?.isFinite ?? true && tendency?.isFinite ?? true }
}

/// Frames of a store in the order in which they are stored.
private actor GrowingStore {
  private var source: StoredTrajectories
  private var follower: StoreFollower
  private let lease: StoreLease
  private var waiting: [TrajectoryStoreReader.Window] = []

  init(_ source: StoredTrajectories, _ lease: StoreLease) {
    self.source = source
    self.lease = lease
    follower = StoreFollower(source.reader)
  }

  /// The next frame; nil when nobody writes to the store any more.
  func next() async throws -> Frame? {
    while waiting.isEmpty {
      var looking = follower
      guard let new = try await looking.next() else { return nil }
      follower = looking
      source.reader = follower.reader
      // Abreast again, as far as the trajectories have come.
      waiting = new.flatMap { window in window.frames.map { .init(trajectory: window.trajectory, frames: $0..<$0 + 1) }
      }
      .sorted { ($1.frames.lowerBound, $1.trajectory) < ($0.frames.lowerBound, $0.trajectory) }
    }
    let window = waiting.removeLast()
    return try source.frames(of: window.trajectory, window.frames)[0]
  }
}
