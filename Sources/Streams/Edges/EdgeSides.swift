internal import Synchronization

/// What the sender of an edge keeps for itself.
struct EdgeSending {
  /// Number of the element that is put in next.
  var tail = 0
  /// Up to where elements were taken out, by the last look.
  var head = 0
  var sent = 0
  var dropped = 0
  var isClosed = false
  var wait = EdgeWait()
}

/// What the receiver of an edge keeps for itself.
struct EdgeReceiving {
  /// Number of the first element that was not taken out.
  var head = 0
  /// Up to where elements were put in, by the last look.
  var tail = 0
  var received = 0
  /// Whether the last element that was taken is in use: the receiver has not asked for more since, or there was more.
  var isWorking = false
  /// Whether it went away over an element, or from elements that waited.
  var isAbandoned = false
  var wait = EdgeWait()
  /// Senders that wait for the receiver to have done with everything.
  var settlers: [CheckedContinuation<Void, Never>] = []

  mutating func takeSettlers() -> [CheckedContinuation<Void, Never>] {
    defer { settlers = [] }
    return settlers
  }
}

/// Those who wait on one side of an edge, and how long they have. Whoever is woken tries again, so that waking too many does
/// no harm.
struct EdgeWait {
  private var waiting: [CheckedContinuation<Void, Never>] = []
  private var before = Duration.zero
  private var since: ContinuousClock.Instant?

  mutating func begin(_ continuation: CheckedContinuation<Void, Never>) {
    since = since ?? .now
    waiting.append(continuation)
  }

  mutating func end() {
    if let since { before += .now - since }
    since = nil
  }

  mutating func takeAll() -> [CheckedContinuation<Void, Never>] {
    defer { waiting = [] }
    return waiting
  }

  /// Time waited, the wait in progress included.
  func total(at now: ContinuousClock.Instant) -> Duration { before + (since.map { now - $0 } ?? .zero) }
}

/// How many edges lead from one flow, and of how many the receivers have gone.
final class EdgeEnds: Sendable {
  private let all = Atomic(0)
  private let gone = Atomic(0)

  func add() { all.add(1, ordering: .sequentiallyConsistent) }
  func remove() { gone.add(1, ordering: .sequentiallyConsistent) }

  var areAllGone: Bool {
    let gone = self.gone.load(ordering: .sequentiallyConsistent)
    return gone > 0 && gone == all.load(ordering: .sequentiallyConsistent)
  }
}
