internal import Foundation
internal import Lattice
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

  init(_ section: ConfigurationSection) {
    path = section.text("path", default: "", "The store")
    passes = section.integer("passes", default: 1, in: 1...1_000_000, "How often to go through it")
    if path.isEmpty, section.has("path") || !section.names.isEmpty {
      section.problem("needs the path of a store", key: "path")
    }
  }

  /// - Throws: `StoreError` when the store cannot be read.
  func trajectories() throws -> StoredTrajectories { try StoredTrajectories(URL(filePath: path)) }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let source = try trajectories()
    assembly.register(source, as: node.id, startingAt: 0)
    // All trajectories abreast, frame by frame, as an ensemble would come.
    let order = (0..<passes).flatMap { _ in
      (0..<source.framesPerTrajectory).flatMap { frame in (0..<source.reader.trajectories).map { (frame, $0) } }
    }
    let next = Mutex(0)
    let flow: Flow<Frame> = assembly.graph.source(node.id, kind: Self.word, on: ThreadExecutor(name: node.id)) {
      let position = next.withLock { position in
        defer { position += 1 }
        return position
      }
      guard position < order.count else { return nil }
      return try source.frames(of: order[position].1, order[position].0..<(order[position].0 + 1))[0]
    }
    return .frames(flow)
  }
}

/// The trajectories of a store with arrays ρ, Q and P.
struct StoredTrajectories: FrameSource {
  let reader: TrajectoryStoreReader
  let sites: Int
  let parameters: HolsteinParameters
  let interval: Double
  let framesPerTrajectory: Int
  var hasMids: Bool { reader.field("mid_rho") != nil }

  /// - Throws: `StoreError`, also for a store without ρ, Q and P over the same sites.
  init(_ url: URL) throws {
    reader = try TrajectoryStoreReader(url)
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
