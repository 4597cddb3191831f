internal import Synchronization

/// The processes that share a computation, and the time that their talking takes.
public final class RankGroup: Sendable, Equatable {
  /// Seconds that the threads of this process spent in exchanges.
  public struct Seconds: Sendable, Equatable {
    /// In sums of gradients, each rank's own part of the addition included.
    public var sums = 0.0
    /// Until every rank had come as far, and small numbers were exchanged.
    public var waits = 0.0
    /// In telling the others what to compute.
    public var commands = 0.0
    /// Sums so far.
    public var count = 0
  }

  /// Ranks that can share a batch: its shards are added in a tree of this many places, whatever computes them.
  public static let most = 8

  public let link: any RankLink
  private let spent = Mutex(Seconds())

  public init(_ link: any RankLink) { self.link = link }

  public var rank: Int { link.rank }
  public var count: Int { link.count }
  public var seconds: Seconds { spent.withLock { $0 } }

  public static func == (first: RankGroup, second: RankGroup) -> Bool { first === second }

  /// Gives every rank the parts that the others have.
  /// - Parameters:
  ///   - memory: All parts, one behind the other; this rank's own is there.
  ///   - part: The bytes of a rank's part.
  /// - Throws: What the link throws.
  public func gather(_ memory: UnsafeMutableRawPointer, _ part: (_ rank: Int) -> Range<Int>) throws {
    let begin = ContinuousClock.now
    let own = part(rank)
    try link.exchange(
      (0..<count).filter { $0 != rank }.map { peer in
        let other = part(peer)
        return RankTransfer(
          peer, sends: UnsafeRawBufferPointer(start: memory + own.lowerBound, count: own.count),
          receives: UnsafeMutableRawBufferPointer(start: memory + other.lowerBound, count: other.count))
      }, on: .sums)
    spent.withLock { $0.waits += (.now - begin) / .seconds(1) }
  }

  /// Sends to every other rank.
  /// - Throws: What the link throws.
  public func tell(_ message: (_ rank: Int) -> [UnsafeRawBufferPointer]) throws {
    let begin = ContinuousClock.now
    let messages = (0..<count).filter { $0 != rank }.map { ($0, message($0)) }
    // A peer gets its parts in their order.
    for k in 0..<(messages.map(\.1.count).max() ?? 0) {
      try link.exchange(
        messages.compactMap { $1.count > k && $1[k].count > 0 ? RankTransfer($0, sends: $1[k]) : nil }, on: .commands)
    }
    spent.withLock { $0.commands += (.now - begin) / .seconds(1) }
  }

  /// Sums vectors over all ranks: neighbours first, then their sums, and so on, in whatever order they come.
  ///
  /// Each rank adds its half, quarter, … of the numbers (recursive halving) and gets the other parts of the sum back
  /// (recursive doubling; Thakur, Rabenseifner and Gropp 2005). The tree of every number is the same, and so are its bits
  /// on every rank.
  /// - Parameters:
  ///   - vector: (size) this rank's; the sum, afterwards.
  ///   - scratch: (⌈size / 2⌉).
  ///   - isEmpty: Whether a rank has nothing to add; its vector may then hold anything. Ranks behind an empty one are empty.
  ///   - add: Adds the second to the first, so many numbers.
  /// - Throws: What the link throws.
  public func sum(
    _ vector: UnsafeMutablePointer<Float>, size: Int, scratch: UnsafeMutablePointer<Float>,
    isEmpty: (_ rank: Int) -> Bool,
    add: (UnsafeMutablePointer<Float>, UnsafePointer<Float>, Int) -> Void
  ) throws {
    let begin = ContinuousClock.now
    var segments = [0..<size]
    var distance = 1
    while distance < count {
      let peer = rank ^ distance
      let segment = segments.last!
      let middle = segment.lowerBound + segment.count / 2
      let isLower = rank < peer
      let halves = (lower: segment.lowerBound..<middle, upper: middle..<segment.upperBound)
      let (kept, given) = isLower ? (halves.lower, halves.upper) : (halves.upper, halves.lower)
      try link.exchange([Self.transfer(peer, vector, sends: given, scratch, receives: 0..<kept.count)], on: .sums)
      // The first of a block's ranks is the last to be empty.
      let upper = max(rank, peer) / distance * distance
      if !isEmpty(upper) {
        add(vector + kept.lowerBound, scratch, kept.count)
      } else if !isLower {
        (vector + kept.lowerBound).update(from: scratch, count: kept.count)
      }
      segments.append(kept)
      distance *= 2
    }
    while distance > 1 {
      distance /= 2
      let own = segments.removeLast()
      let whole = segments.last!
      let other =
        own.lowerBound == whole.lowerBound
        ? own.upperBound..<whole.upperBound : whole.lowerBound..<own.lowerBound
      try link.exchange([Self.transfer(rank ^ distance, vector, sends: own, vector, receives: other)], on: .sums)
    }
    spent.withLock {
      $0.sums += (.now - begin) / .seconds(1)
      $0.count += 1
    }
  }

  private static func transfer(
    _ peer: Int, _ source: UnsafeMutablePointer<Float>, sends: Range<Int>, _ target: UnsafeMutablePointer<Float>,
    receives: Range<Int>
  ) -> RankTransfer {
    RankTransfer(
      peer, sends: UnsafeRawBufferPointer(UnsafeBufferPointer(start: source + sends.lowerBound, count: sends.count)),
      receives: UnsafeMutableRawBufferPointer(
        UnsafeMutableBufferPointer(start: target + receives.lowerBound, count: receives.count)))
  }
}
