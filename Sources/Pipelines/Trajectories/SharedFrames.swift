internal import Foundation
internal import Synchronization
internal import Systems
internal import Tensors
internal import Trajectories

/// The simulation of one source, shared out among ranks: numbers of trajectories go out, and each frame comes back once.
///
/// The others compute a block of rounds ahead, so that their work and this rank's go on side by side.
final class SharedFrames: Sendable {
  let ranks: RankGroup
  private struct State {
    /// The source that is shared; of others all is simulated here.
    var source: String?
    var layout: StateLayout?
    /// Ranks that have been asked for a block that was not taken yet.
    var owing: Set<Int> = []
  }
  private let state = Mutex(State())

  init(_ ranks: RankGroup) { self.ranks = ranks }

  /// What is said to the others: kind, place of the source in the pipeline, and three numbers.
  enum Order {
    static let size = 5
    /// First trajectory, and the one after the last.
    static let begin: Int64 = 1
    /// Rounds.
    static let next: Int64 = 2
    static let end: Int64 = 3
  }

  /// An ensemble of a source, in parts; nil where it is not shared: there are too few trajectories, or another source is.
  func ensemble(
    _ numbers: Range<Int>, of source: SimulatedTrajectories, node: String, place: Int, workers: Int
  ) throws -> (any Ensemble)? {
    let isOurs = state.withLock { state in
      if state.source == nil { state.source = node }
      return state.source == node
    }
    guard isOurs, numbers.count >= ranks.count else { return nil }
    state.withLock { $0.layout = source.system.layout }
    return try SharedEnsemble(numbers, of: source, place: place, workers: workers, self)
  }

  func say(_ order: [Int64], to peer: Int) throws {
    try order.withUnsafeBytes { try ranks.link.exchange([RankTransfer(peer, sends: $0)], on: .frames) }
    if order[0] == Order.next { state.withLock { _ = $0.owing.insert(peer) } }
  }

  /// A block of a rank that was asked for one.
  func block(of peer: Int, _ layout: StateLayout) throws -> PeerFrames {
    var sizes = [Int64](repeating: 0, count: 2)
    try sizes.withUnsafeMutableBytes { try ranks.link.exchange([RankTransfer(peer, receives: $0)], on: .frames) }
    guard sizes.allSatisfy({ (0...1 << 46).contains($0) }) else { throw PeerFrames.damaged }
    var numbers = [Double](repeating: 0, count: Int(sizes[0]))
    try numbers.withUnsafeMutableBytes { try ranks.link.exchange([RankTransfer(peer, receives: $0)], on: .frames) }
    var words = Data(count: Int(sizes[1]))
    try words.withUnsafeMutableBytes { try ranks.link.exchange([RankTransfer(peer, receives: $0)], on: .frames) }
    state.withLock { _ = $0.owing.remove(peer) }
    return try PeerFrames(numbers, words, layout)
  }

  /// Takes what was asked for and is of no use any more, and lets the others go.
  func end() throws {
    let (owing, layout) = state.withLock { ($0.owing.sorted(), $0.layout) }
    for peer in owing { _ = try block(of: peer, layout!) }
    for peer in 1..<ranks.count { try say([Order.end, 0, 0, 0, 0], to: peer) }
  }
}

/// The trajectories of one ensemble, a part on each rank.
private struct SharedEnsemble: Ensemble {
  let trajectories: Range<Int>
  var nextIndex: Int { own.nextIndex }
  private let shared: SharedFrames
  private let layout: StateLayout
  private let frames: Int
  private let place: Int64
  private var own: any Ensemble
  /// Blocks of the other ranks, each with the rounds that are left of it.
  private var blocks: [Int: (rounds: [[Frame]], taken: Int)] = [:]
  private let rounds: Int
  /// Rounds that the others were asked for.
  private var asked = 0
  private var records: [OnTheFlyRecord] = []
  private var notices: [String] = []

  init(_ numbers: Range<Int>, of source: SimulatedTrajectories, place: Int, workers: Int, _ shared: SharedFrames) throws
  {
    trajectories = numbers
    self.shared = shared
    layout = source.system.layout
    frames = source.framesPerTrajectory
    self.place = Int64(place)
    let count = shared.ranks.count
    func part(_ rank: Int) -> Range<Int> {
      (numbers.lowerBound + rank * numbers.count / count)..<(numbers.lowerBound + (rank + 1) * numbers.count / count)
    }
    // Blocks of about a megabyte, and of one round where a frame is dear.
    rounds = max(1, min(64, 131_072 / (layout.count * part(0).count)))
    for peer in 1..<count {
      let part = part(peer)
      try shared.say(
        [SharedFrames.Order.begin, self.place, Int64(part.lowerBound), Int64(part.upperBound), 0], to: peer)
    }
    own = try source.dynamics.ensemble(part(0), seed: source.seed, workers: workers)
    try ask()
  }

  /// Asks for the next block; each must have been taken before the next is asked for.
  private mutating func ask() throws {
    let count = min(rounds, frames - asked)
    guard count > 0 else { return }
    asked += count
    for peer in 1..<shared.ranks.count {
      try shared.say([SharedFrames.Order.next, place, Int64(count), 0, 0], to: peer)
    }
  }

  mutating func advance() throws -> [Frame] {
    if blocks.isEmpty || blocks[1]!.taken == blocks[1]!.rounds.count {
      for peer in 1..<shared.ranks.count {
        let block = try shared.block(of: peer, layout)
        blocks[peer] = (block.rounds, 0)
        records += block.words.records
        notices += block.words.notices
      }
      try ask()
    }
    var frames = try own.advance()
    for peer in 1..<shared.ranks.count {
      frames += blocks[peer]!.rounds[blocks[peer]!.taken]
      blocks[peer]!.taken += 1
    }
    return frames
  }

  mutating func takeRecords() -> [OnTheFlyRecord] {
    defer { records = [] }
    return own.takeRecords() + records
  }

  mutating func takeNotices() -> [String] {
    defer { notices = [] }
    return own.takeNotices() + notices
  }
}
