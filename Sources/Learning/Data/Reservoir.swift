internal import Tensors

/// The windows that training draws its batches from: a bounded sample of a stream that goes on.
///
/// Admission, eviction and sampling are functions of the seed and of counters, so that a reservoir restored from its
/// state, with the same windows, goes on to the same batches.
public struct Reservoir: Sendable {
  /// What makes room when the reservoir is full.
  public enum Policy: String, Codable, Sendable, CaseIterable {
    /// The oldest window leaves.
    case fifo
    /// A window drawn at random leaves, so that old ones thin out gradually.
    case firstInRandomOut = "first-in-random-out"
    /// The newcomer is admitted with probability capacity / arrivals, in the place of one drawn at random, so that
    /// every window that ever arrived is as likely to be there (Vitter 1985, algorithm R).
    case reservoir
  }

  /// A window and its history in the reservoir.
  struct Entry: Sendable {
    var window: TrainingWindow
    var arrival: Int
    var uses: Int
  }

  public let policy: Policy
  /// Largest number of windows held.
  public let capacity: Int
  public let seed: UInt64
  /// Windows offered so far, admitted or not.
  public private(set) var arrivals = 0
  /// Windows that left without having been in any batch.
  public private(set) var evictedUnused = 0
  private(set) var entries: [Entry] = []
  /// The last batch as samples of a stream; nil before the first.
  public private(set) var lastDraw: Draw?

  /// How old and how used up the samples of one batch were when they were drawn.
  public struct Draw: Codable, Sendable, Equatable {
    /// Mean over the samples of the windows that have arrived since theirs.
    public var age: Double
    /// Mean over the samples of the times that their window was drawn before.
    public var uses: Double
  }

  /// - Parameter capacity: Largest number of windows held, at least 1.
  public init(policy: Policy, capacity: Int, seed: UInt64) {
    precondition(capacity >= 1, "Reservoir: capacity must be at least 1, got \(capacity)")
    self.policy = policy
    self.capacity = capacity
    self.seed = seed
  }

  mutating func restore(arrivals: Int, evictedUnused: Int, entries: [Entry]) {
    self.arrivals = arrivals
    self.evictedUnused = evictedUnused
    self.entries = entries
  }

  public var count: Int { entries.count }
  public var isEmpty: Bool { entries.isEmpty }

  /// Offers a window.
  /// - Returns: Whether it was admitted.
  @discardableResult
  public mutating func insert(_ window: TrainingWindow) -> Bool {
    defer { arrivals += 1 }
    let entry = Entry(window: window, arrival: arrivals, uses: 0)
    if entries.count < capacity {
      entries.append(entry)
      return true
    }
    var random = CounterRandom(seed: seed, purpose: .reservoir, step: UInt64(arrivals))
    let place: Int
    switch policy {
    case .fifo: place = arrivals % capacity
    case .firstInRandomOut: place = Int(random.next() % UInt64(capacity))
    case .reservoir:
      let drawn = Int(random.next() % UInt64(arrivals + 1))
      guard drawn < capacity else { return false }
      place = drawn
    }
    if entries[place].uses == 0 { evictedUnused += 1 }
    entries[place] = entry
    return true
  }

  /// Takes the oldest window out; nil when there is none.
  ///
  /// For models that learn from every window once: the reservoir is then a queue, of policy `fifo`.
  public mutating func take() -> TrainingWindow? {
    guard !entries.isEmpty else { return nil }
    let entry = entries.removeFirst()
    lastDraw = Draw(age: Double(arrivals - 1 - entry.arrival), uses: Double(entry.uses))
    return entry.window
  }

  /// Draws the batch of one optimizer step, uniformly over windows and offsets in them, without repetition as long as
  /// there are enough.
  ///
  /// - Parameters:
  ///   - count: Samples in the batch.
  ///   - steps: Intervals that each must have.
  ///   - step: Number of the batch; with the seed and the windows it determines the draw.
  /// - Throws: `LearningError` of code `invalidData` when no window is long enough.
  public mutating func batch(_ count: Int, steps: Int, step: Int) throws -> TrainingBatch {
    var first: [Int] = []
    first.reserveCapacity(entries.count)
    var total = 0
    for entry in entries {
      first.append(total)
      total += max(entry.window.steps - steps + 1, 0)
    }
    guard total > 0 else {
      throw LearningError(
        .invalidData,
        "none of the \(entries.count) windows in the reservoir has \(steps) steps; wait for more data or make the "
          + "windows longer")
    }
    var random = CounterRandom(seed: seed, purpose: .sampler, step: UInt64(step))
    var drawn: Set<Int> = []
    var samples: [TrainingSample] = []
    samples.reserveCapacity(count)
    var (age, uses) = (0, 0)
    for k in 0..<count {
      var slot: Int
      if count <= total {
        // Floyd's sampling without repetition.
        let bound = total - count + k
        slot = Int(random.next() % UInt64(bound + 1))
        if !drawn.insert(slot).inserted {
          slot = bound
          drawn.insert(slot)
        }
      } else {
        slot = Int(random.next() % UInt64(total))
      }
      let place = Self.last(in: first, notAbove: slot)
      age += arrivals - 1 - entries[place].arrival
      uses += entries[place].uses
      entries[place].uses += 1
      samples.append(TrainingSample(entries[place].window, offset: slot - first[place]))
    }
    lastDraw = Draw(age: Double(age) / Double(count), uses: Double(uses) / Double(count))
    return try TrainingBatch(samples, steps: steps)
  }

  /// Index of the last element that is at most `value`, in an ascending array.
  private static func last(in array: [Int], notAbove value: Int) -> Int {
    var low = 0
    var high = array.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if array[middle] <= value { low = middle } else { high = middle }
    }
    return low
  }
}
