extension Reservoir {
  /// What a reservoir holds, without the numbers: enough to fill it again from the store.
  public struct State: Codable, Sendable, Equatable {
    public struct Entry: Codable, Sendable, Equatable {
      public var trajectory: Int
      public var start: Int
      public var steps: Int
      public var arrival: Int
      public var uses: Int
    }

    public var policy: Policy
    public var capacity: Int
    public var seed: UInt64
    public var arrivals: Int
    public var evictedUnused: Int
    public var entries: [Entry]
  }

  public var state: State {
    State(
      policy: policy, capacity: capacity, seed: seed, arrivals: arrivals, evictedUnused: evictedUnused,
      entries: entries.map {
        State.Entry(
          trajectory: $0.window.trajectory, start: $0.window.start, steps: $0.window.steps, arrival: $0.arrival,
          uses: $0.uses)
      })
  }

  /// Fills a reservoir as it was.
  ///
  /// - Parameter window: Makes the window of an entry again, from the store or the simulator.
  /// - Throws: `LearningError` when the state contradicts itself or a window is not the one asked for, and whatever
  ///   `window` throws.
  public init(restoring state: State, window: (State.Entry) throws -> TrainingWindow) throws {
    let isSound =
      (1...1 << 52).contains(state.capacity) && state.entries.count <= state.capacity
      && (state.entries.count...1 << 52).contains(state.arrivals) && (0...1 << 52).contains(state.evictedUnused)
      && state.entries.allSatisfy {
        $0.arrival >= 0 && $0.arrival < state.arrivals && (0...1 << 52).contains($0.uses)
      }
    guard state.entries.count <= 1 << 52, isSound else {
      throw LearningError(
        .checkpointMismatch,
        "the reservoir's state contradicts itself: \(state.entries.count) windows, capacity \(state.capacity), "
          + "\(state.arrivals) arrivals")
    }
    self.init(policy: state.policy, capacity: state.capacity, seed: state.seed)
    var entries: [Entry] = []
    for entry in state.entries {
      let made = try window(entry)
      guard made.trajectory == entry.trajectory, made.start == entry.start, made.steps == entry.steps else {
        throw LearningError(
          .checkpointMismatch,
          "the window at frame \(entry.start) of trajectory \(entry.trajectory) could not be made again; the store "
            + "gave frame \(made.start) of trajectory \(made.trajectory)")
      }
      entries.append(Entry(window: made, arrival: entry.arrival, uses: entry.uses))
    }
    restore(arrivals: state.arrivals, evictedUnused: state.evictedUnused, entries: entries)
  }

  /// The windows held.
  public var windows: [TrainingWindow] { entries.map(\.window) }

  /// How well the training sees the stream.
  public struct Report: Codable, Sendable, Equatable {
    public var windows: Int
    public var capacity: Int
    public var arrivals: Int
    /// Age of a window = arrivals since it came.
    public var meanAge: Double
    public var maximumAge: Int
    /// Times that a window was drawn.
    public var meanUses: Double
    public var maximumUses: Int
    /// Share of the windows held that were drawn at least once.
    public var usedFraction: Double
    /// Windows that left unseen: above zero, the stream is faster than the training.
    public var evictedUnused: Int
    /// Distinct trajectories among the windows held.
    public var trajectories: Int
    /// First and last frame index among the windows held.
    public var firstFrame: Int
    public var lastFrame: Int
  }

  public var report: Report {
    let ages = entries.map { arrivals - 1 - $0.arrival }
    let uses = entries.map(\.uses)
    let count = Double(max(entries.count, 1))
    return Report(
      windows: entries.count, capacity: capacity, arrivals: arrivals, meanAge: Double(ages.reduce(0, +)) / count,
      maximumAge: ages.max() ?? 0, meanUses: Double(uses.reduce(0, +)) / count, maximumUses: uses.max() ?? 0,
      usedFraction: Double(uses.count { $0 > 0 }) / count, evictedUnused: evictedUnused,
      trajectories: Set(entries.map(\.window.trajectory)).count, firstFrame: entries.map(\.window.start).min() ?? 0,
      lastFrame: entries.map { $0.window.start + $0.window.steps }.max() ?? 0)
  }
}
