internal import Disk
internal import Foundation
internal import Streams
internal import Synchronization
internal import Systems
internal import Tensors
internal import Trajectories
internal import Transports

/// The side that has ensembles simulated elsewhere, and puts their blocks into the order of the stream.
///
/// Ensembles are offered some ahead of the one that is read. A block is taken away from the transport when the stores that
/// keep its frames have them on the disk. Whatever the transport loses is offered again, from the frame that is needed next.
final class RemoteSimulators: Sendable {
  private struct State {
    var isCleared = false
    var alive = 1
    /// Blocks that were read and may not be on the disk yet, with the frames that a store must have.
    var unstored: [(id: MessageID, trajectories: Range<Int>, length: Int)] = []
  }

  private let transport: any Transport
  private let scope: MessageID
  private let node: String
  private let pipeline: String
  private let configuration: String
  private let source: SimulatedTrajectories
  /// How many frames of a trajectory every store of the source has on the disk; nil where nothing stores it.
  private let stored: (@Sendable (Int) -> Int)?
  private let lookout: WorkerLookout
  private let stop: StopSignal
  private let state = Mutex(State())

  /// Raised where the end was asked for while a block was waited for.
  struct Stopped: Error {}

  /// Bytes of a block, about, and of the blocks of an ensemble that may be on their way.
  static let blockBytes = 250_000
  private static let windowBytes = 16_000_000

  init(
    _ transport: any Transport, scope: MessageID, node: String, pipeline: String,
    source: SimulatedTrajectories, stored: (@Sendable (Int) -> Int)?, events: EventHub, roster: WorkerRoster,
    stop: StopSignal
  ) {
    self.transport = transport
    self.scope = MessageID(words: scope.text, node)
    self.node = node
    self.pipeline = pipeline
    configuration = Fingerprint.of(pipeline)
    self.source = source
    self.stored = stored
    lookout = WorkerLookout(transport, .simulate, events: events, roster: roster)
    self.stop = stop
    stop.onRequest { [weak self] in
      guard let self else { return }
      // Nothing of it is left for others to find.
      Thread.detachNewThread { try? self.clear() }
    }
  }

  deinit { try? clear() }

  /// The trajectories of an ensemble, as workers make them.
  func ensemble(_ number: Int) -> any Ensemble {
    RemoteEnsemble(self, number, (number * source.abreast)..<((number + 1) * source.abreast))
  }

  /// A block whose first frames have this index; returns when it is there.
  /// - Throws: `Stopped`, or `TransportError` for a transport that refuses us.
  fileprivate func block(_ ensemble: Int, _ first: Int) throws -> PostedFrames {
    let id = Self.id(scope, ensemble, first)
    while true {
      if stop.isRequested { throw Stopped() }
      do {
        if let block = try look(ensemble, first, id) { return block }
      } catch let error as TransportError {
        guard error.code == .unreachable else { throw error }
        lookout.missed("\(error). It is tried again; simulations are asked for again from here")
      }
      Worker.pause(.milliseconds(50))
    }
  }

  static func id(_ scope: MessageID, _ ensemble: Int, _ first: Int) -> MessageID {
    MessageID("\(scope.text)/\(ensemble)/\(first)")!
  }

  private func workID(_ ensemble: Int) -> MessageID { MessageID("\(scope.text)/\(ensemble)")! }

  private func look(_ ensemble: Int, _ first: Int, _ id: MessageID) throws -> PostedFrames? {
    if !state.withLock({ $0.isCleared }) {
      // What an earlier process has left: work is published anew from where this one begins.
      try clear()
      state.withLock { $0.isCleared = true }
    }
    var found: PostedFrames?
    do {
      if let bytes = try transport.receive(id, from: .simulate) {
        let expected = PostedFrames.Head(
          configuration: configuration, arithmetic: Arithmetic.current.id, ensemble: ensemble, first: first, rounds: 0,
          trajectories: (ensemble * source.abreast)..<((ensemble + 1) * source.abreast),
          numbers: source.system.layout.count)
        found = try PostedFrames(
          bytes, layout: source.system.layout, expected: expected, most: source.framesPerTrajectory - first)
      }
    } catch let error as TransportError where error.code != .malformed {
      throw error
    } catch {
      lookout.complain("\(node): \(error); it is asked for again")
      try transport.dispose(of: id, from: .simulate)
      try transport.withdraw(workID(ensemble), from: .simulate)
    }
    lookout.reached()
    if let found {
      let next = first + found.head.rounds
      try transport.note(
        MessageID(words: "position", scope.text.replacing("/", with: "-")), Array("\(ensemble) \(next)".utf8),
        on: .simulate)
      try acknowledge(id, found.head.trajectories, next)
      return found
    }
    try offer(from: ensemble, first)
    if let alive = try lookout.meet(isWaiting: true) { state.withLock { $0.alive = max(1, alive) } }
    return nil
  }

  /// Takes away blocks that the stores have.
  private func acknowledge(_ id: MessageID, _ trajectories: Range<Int>, _ length: Int) throws {
    state.withLock { $0.unstored.append((id, trajectories, length)) }
    while let oldest = state.withLock({ $0.unstored.first }) {
      if let stored, !oldest.trajectories.allSatisfy({ stored($0) >= oldest.length }) { return }
      try transport.dispose(of: oldest.id, from: .simulate)
      state.withLock { _ = $0.unstored.removeFirst() }
    }
  }

  private func offer(from ensemble: Int, _ first: Int) throws {
    let offered = try transport.offered(on: .simulate)
    let posted = try transport.posted(to: .simulate)
    let ahead = 1 + 2 * state.withLock { $0.alive }
    let end = min(ensemble + ahead, source.ensembles ?? .max)
    for number in ensemble..<max(end, ensemble + 1) where !offered.contains(workID(number)) {
      // Of a later one that is finished the blocks wait; what is missing shows when its turn comes.
      if number != ensemble, posted.contains(where: { $0.isUnder(workID(number)) }) { continue }
      // It may have been finished between the two looks.
      if number == ensemble, posted.contains(Self.id(scope, ensemble, first)) { continue }
      let round = PostedFrames.bytes(abreast: source.abreast, numbers: source.system.layout.count)
      let task = SimulateTask(
        node: node, pipeline: pipeline, configuration: configuration, ensemble: number,
        first: number == ensemble ? first : 0, window: max(4, Self.windowBytes / round),
        arithmetic: Arithmetic.current.id)
      try transport.offer(workID(number), try task.message, on: .simulate)
    }
  }

  private func clear() throws {
    for id in try transport.offered(on: .simulate) where id.isUnder(scope) {
      try transport.withdraw(id, from: .simulate)
    }
    for id in try transport.posted(to: .simulate) where id.isUnder(scope) { try transport.discard(id, from: .simulate) }
    try transport.erase(MessageID(words: "position", scope.text.replacing("/", with: "-")), on: .simulate)
  }
}

/// An ensemble whose frames come from a worker.
private struct RemoteEnsemble: Ensemble {
  private let simulators: RemoteSimulators
  private let number: Int
  let trajectories: Range<Int>
  private(set) var nextIndex = 0
  private var block: PostedFrames?

  init(_ simulators: RemoteSimulators, _ number: Int, _ trajectories: Range<Int>) {
    self.simulators = simulators
    self.number = number
    self.trajectories = trajectories
  }

  private var round: Int { nextIndex - (block?.head.first ?? 0) }

  mutating func advance() throws -> [Frame] {
    if block == nil || round >= block!.head.rounds { block = try simulators.block(number, nextIndex) }
    defer { nextIndex += 1 }
    return block!.frames[round]
  }

  /// What came with the frames that were given last.
  mutating func takeRecords() -> [OnTheFlyRecord] {
    guard let block, block.head.records.indices.contains(round - 1) else { return [] }
    return block.head.records[round - 1]
  }

  mutating func takeNotices() -> [String] {
    guard let block, block.head.notices.indices.contains(round - 1) else { return [] }
    return block.head.notices[round - 1]
  }
}
