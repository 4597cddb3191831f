internal import Foundation
internal import Settings
internal import Systems
internal import Streams
internal import Synchronization
internal import Zarr

/// The trajectories of a store, as if they were simulated.
struct ReplaySource: Component {
  static let word = "replay"
  static let summary = "Streams the trajectories of a store, ours or one that zarr-python wrote."
  static let inputs: Set<ElementType> = []
  static let output: ElementType? = .frames

  private let path: String
  let passes: Int
  private let follows: Bool

  init(_ section: ConfigurationSection) {
    path = section.text("path", default: "", "The store")
    passes = section.integer("passes", default: 1, in: 1...1_000_000, "How often to go through it")
    follows = section.flag(
      "follow", default: false, "Go on with frames as they are stored, until nobody writes to the store any more")
    if follows, passes > 1 {
      section.problem("a store that grows is gone through once; leave `passes` away", key: "passes")
    }
    if path.isEmpty, section.has("path") || !section.names.isEmpty {
      section.problem("needs the path of a store", key: "path")
    }
  }

  /// - Throws: `StoreError` when the store cannot be read.
  func trajectories() throws -> StoredTrajectories { try StoredTrajectories(URL(filePath: path)) }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let source = try trajectories()
    assembly.register(source, as: node.id, startingAt: 0)
    let lease = try StoreLease(source.reader.url, trajectories: 0..<Int.max)
    let flow: Flow<Frame>
    if follows {
      let growing = GrowingStore(source, lease)
      flow = assembly.graph.source(node.id, kind: Self.word, on: ThreadExecutor(name: node.id)) {
        try await growing.next()
      }
    } else {
      // All trajectories abreast, frame by frame, as an ensemble would come.
      let passes = passes
      let trajectories = source.reader.trajectories
      let perPass = source.framesPerTrajectory * trajectories
      let next = Mutex(0)
      flow = assembly.graph.source(node.id, kind: Self.word, on: ThreadExecutor(name: node.id)) {
        let position = next.withLock { position in
          defer { position += 1 }
          return position
        }
        guard perPass > 0, position / perPass < passes else { return nil }
        let (frame, trajectory) = (position % perPass).quotientAndRemainder(dividingBy: trajectories)
        source.readAhead(of: trajectory, frame)
        defer { withExtendedLifetime(lease) {} }
        return try source.frames(of: trajectory, frame..<frame + 1)[0]
      }
    }
    return .frames(flow)
  }
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

/// The trajectories of a store with arrays ρ, Q and P.
struct StoredTrajectories: FrameSource {
  var reader: TrajectoryStoreReader
  let sites: Int
  let parameters: HolsteinParameters
  let interval: Double
  let framesPerTrajectory: Int
  var hasMids: Bool { reader.field("mid_rho") != nil }

  /// - Throws: `StoreError`, also for a store without ρ, Q and P over the same sites.
  init(_ url: URL) throws {
    var reader = try TrajectoryStoreReader(url)
    // Trajectories are gone through abreast, which decodes every chunk anew where the cache has no room for one chunk of
    // each of them.
    let abreast =
      Double(reader.trajectories)
      * reader.fields.reduce(0) { $0 + Double($1.bytesPerFrame) * Double(reader.framesPerChunk($1.name)) }
    if abreast > 0x1p24 {
      let memory = Double(ProcessInfo.processInfo.physicalMemory) / 4
      reader = try TrajectoryStoreReader(url, cacheLimit: Int(min(memory, 5 * abreast)))
    }
    self.reader = reader
    guard let rho = reader.field("rho"), let q = reader.field("Q"), let p = reader.field("P"), rho.shape.count == 2,
      q.shape.count == 1,
      rho.shape == [q.shape[0], q.shape[0]], p.shape == q.shape, rho.dataType.components == 2,
      q.dataType.components == 1, p.dataType.components == 1
    else {
      let found = reader.fields.map { "\($0.name) \($0.dataType.rawValue) \($0.shape)" }.joined(separator: ", ")
      throw StoreError(
        .unsupported, url.path,
        "needs complex rho [trajectory, time, L, L] and real Q, P [trajectory, time, L]; it has \(found)")
    }
    sites = q.shape[0]
    guard sites >= 4, sites % 2 == 0, sites <= 4096 else {
      throw StoreError(.unsupported, url.path, "has \(sites) sites; the model needs an even number from 4 to 4096")
    }
    let attributes = reader.attributes
    parameters = HolsteinParameters(
      coupling: attributes["g"]?.number ?? HolsteinPreset.shallow.parameters.coupling,
      k0: attributes["k0"]?.number ?? 0.3,
      eta: attributes["eta"]?.number ?? 0.8)
    framesPerTrajectory = (0..<reader.trajectories).map { [reader] in reader.length($0) }.min() ?? 0
    let times = reader.trajectories > 0 && reader.length(0) > 1 ? try reader.times(0, frames: 0..<2) : nil
    interval = attributes["frame_interval"]?.number ?? times.map { $0[1] - $0[0] } ?? 1
  }

  /// Has the next chunk decoded when this one is half gone through.
  func readAhead(of trajectory: Int, _ frame: Int) {
    for field in reader.fields {
      let size = reader.framesPerChunk(field.name)
      guard frame % size == size / 2 else { continue }
      let next = (frame / size + 1) * size
      reader.prefetch(field.name, trajectory: trajectory, frames: next..<next + 1)
    }
  }

  func frames(of trajectory: Int, _ range: Range<Int>) throws -> [Frame] {
    let rho = try reader.read("rho", trajectory: trajectory, frames: range)
    let q = try reader.read("Q", trajectory: trajectory, frames: range)
    let p = try reader.read("P", trajectory: trajectory, frames: range)
    let mids =
      reader.field("mid_rho") == nil
      ? nil
      : (
        try reader.read("mid_rho", trajectory: trajectory, frames: range),
        try reader.read("mid_Q", trajectory: trajectory, frames: range),
        try reader.read("mid_P", trajectory: trajectory, frames: range)
      )
    let times = try reader.times(trajectory, frames: range)
    let matrix = 2 * sites * sites
    func state(_ rho: [Double], _ q: [Double], _ p: [Double], _ k: Int) -> LatticeState {
      LatticeState(
        rho: Array(rho[(k * matrix)..<((k + 1) * matrix)]), q: Array(q[(k * sites)..<((k + 1) * sites)]),
        p: Array(p[(k * sites)..<((k + 1) * sites)]))
    }
    return range.enumerated().map { k, index in
      let mid = mids.map { state($0.0, $0.1, $0.2, k) }
      return Frame(
        trajectory: trajectory, index: index, time: times?[k] ?? Double(index) * interval, state: state(rho, q, p, k),
        mid: mid.flatMap { $0.q[0].isFinite ? $0 : nil })
    }
  }

  /// The states of one frame of every trajectory; the last frame when nil.
  func states(frame: Int?) throws -> [LatticeState] {
    try (0..<reader.trajectories).map { trajectory in
      let index = frame ?? reader.length(trajectory) - 1
      guard index >= 0, index < reader.length(trajectory) else {
        throw StoreError(
          .outOfRange, reader.url.path,
          "trajectory \(trajectory) has \(reader.length(trajectory)) frames, so there is no frame \(index)")
      }
      let state = try frames(of: trajectory, index..<(index + 1))[0].state
      guard (state.rho + state.q + state.p).allSatisfy(\.isFinite) else {
        throw StoreError(
          .corrupt, reader.url.path, "frame \(index) of trajectory \(trajectory) holds numbers that are not finite")
      }
      return state
    }
  }
}
