internal import Synchronization
internal import Trajectories

/// The trajectories of a log as far as it was read. The newest frames are kept in memory, whichever trajectories they are
/// of; beyond a bound those are forgotten that came first, so that several trajectories that grow abreast all stay.
final class LoggedTrajectories: TrajectorySource, EndingTrajectories {
  private struct Stretch: Sendable {
    /// Index of the first frame that is kept.
    var first = 0
    var times: [Double] = []
    /// (frames, layout.count).
    var values: [Double] = []
    /// Number of the arrival of its newest frame.
    var newest = 0

    var frames: Range<Int> { first..<(first + times.count) }
  }

  /// Somebody who waits for a stretch to become long enough.
  private struct Waiter: Sendable {
    var length: Int
    var continuation: CheckedContinuation<Bool, Never>
  }

  private struct Content: Sendable {
    var stretches: [Int: Stretch] = [:]
    var kept = 0
    /// Lengths of trajectories that get no more frames.
    var ended: [Int: Int] = [:]
    /// Whether the log was read to an end that it does not go beyond in this run.
    var isOver = false
    /// The trajectory of each frame that is kept, in the order in which they came.
    var order: [Int] = []
    /// Frames of each trajectory that have come, forgotten ones too.
    var lengths: [Int: Int] = [:]
    /// Frames that have come in all.
    var arrivals = 0
    var hasEnded = false
    var waiters: [Int: Waiter] = [:]
    var nextWaiter = 0
    var system: LoggedSystem
    var interval: Double

    /// Forgets the frames that came first, but for the last one.
    mutating func forget(_ size: Int, downTo most: Int) {
      let count = min(order.count - 1, (kept - most + size - 1) / size)
      guard count > 0 else { return }
      var gone: [Int: Int] = [:]
      for trajectory in order[..<count] { gone[trajectory, default: 0] += 1 }
      order.removeFirst(count)
      kept -= count * size
      for (trajectory, count) in gone {
        guard var stretch = stretches.removeValue(forKey: trajectory), count < stretch.times.count else { continue }
        stretch.first += count
        stretch.times.removeFirst(count)
        stretch.values.removeFirst(count * size)
        stretches[trajectory] = stretch
      }
    }
  }

  private let content: Mutex<Content>
  /// Numbers that are kept in memory at most.
  private let most: Int
  let layout: StateLayout

  init(_ names: [String], most: Int) {
    let system = LoggedSystem(names, Standardisation(none: names))
    layout = system.layout
    self.most = most
    content = Mutex(Content(system: system, interval: 1))
  }

  var system: any SystemDescription { content.withLock { $0.system } }
  var interval: Double { content.withLock { $0.interval } }

  /// Frames of a trajectory that have come so far.
  func length(_ trajectory: Int) -> Int? {
    content.withLock { content in content.stretches[trajectory].map(\.frames.upperBound) }
  }

  var trajectories: Int? { content.withLock { ($0.lengths.keys.max() ?? -1) + 1 } }

  /// Frames that have come in all.
  var arrivals: Int { content.withLock { $0.arrivals } }

  /// Whether no more will come.
  var hasEnded: Bool { content.withLock { $0.hasEnded } }

  /// Frames of a trajectory that are in memory; nil when none are.
  func kept(_ trajectory: Int) -> Range<Int>? {
    content.withLock { content in content.stretches[trajectory]?.frames }
  }

  func finalLength(_ trajectory: Int) -> Int? { content.withLock { $0.ended[trajectory] } }

  var isOver: Bool { content.withLock { $0.isOver } }

  /// These get no more frames.
  func end(_ trajectories: [(trajectory: Int, frames: Int)]) {
    guard !trajectories.isEmpty else { return }
    content.withLock { content in for (trajectory, frames) in trajectories { content.ended[trajectory] = frames } }
  }

  /// The log has ended, and was not only stopped.
  func finish() { content.withLock { $0.isOver = true } }

  /// What the rows before the first frame have told.
  func settle(_ standardisation: Standardisation, interval: Double) {
    content.withLock { content in
      content.system = LoggedSystem(content.system.layout.fields.map(\.name), standardisation)
      content.interval = interval
    }
  }

  /// Takes in the next frame of a trajectory; one that came before, in an earlier reading of the log, changes nothing.
  func add(_ frame: Frame) {
    let woken = content.withLock { content -> [Waiter] in
      guard frame.index >= content.lengths[frame.trajectory] ?? 0 else { return [] }
      content.lengths[frame.trajectory] = frame.index + 1
      content.arrivals += 1
      var stretch = content.stretches.removeValue(forKey: frame.trajectory) ?? Stretch(first: frame.index)
      stretch.times.append(frame.time)
      stretch.values += frame.state.values
      stretch.newest = content.arrivals
      content.stretches[frame.trajectory] = stretch
      content.order.append(frame.trajectory)
      content.kept += layout.count
      // A quarter at a time, so that forgetting costs little a frame.
      if content.kept > most { content.forget(layout.count, downTo: most / 4 * 3) }
      guard !content.waiters.isEmpty else { return [] }
      let ready = content.waiters.filter { $0.value.length <= stretch.times.count }
      for number in ready.keys { content.waiters[number] = nil }
      return Array(ready.values)
    }
    for waiter in woken { waiter.continuation.resume(returning: true) }
  }

  /// No more will come in this run, because the log ended or the run stops.
  func close() {
    let waiting = content.withLock { content in
      content.hasEnded = true
      defer { content.waiters = [:] }
      return content.waiters.values
    }
    for waiter in waiting { waiter.continuation.resume(returning: false) }
  }

  /// Waits until more has come than so many frames, and a stretch has at least this length.
  /// - Returns: False when the log ends before, or the task is cancelled.
  func grows(beyond arrivals: Int, to length: Int) async -> Bool {
    let number = content.withLock { content in
      content.nextWaiter += 1
      return content.nextWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let outcome: Bool? = content.withLock { content in
          if Task.isCancelled || content.hasEnded { return false }
          if content.arrivals > arrivals { return true }
          content.waiters[number] = Waiter(length: length, continuation: continuation)
          return nil
        }
        if let outcome { continuation.resume(returning: outcome) }
      }
    } onCancel: {
      content.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume(returning: false)
    }
  }

  /// Of each trajectory with at least `needed` frames in memory the range of these; the one first that grew last.
  func newest(_ needed: Int) -> [(trajectory: Int, frames: Range<Int>)] {
    content.withLock { content in
      content.stretches.filter { $0.value.times.count >= needed }.sorted { $0.value.newest > $1.value.newest }
        .map { ($0.key, $0.value.frames) }
    }
  }

  func frames(of trajectory: Int, _ range: Range<Int>) throws -> [Frame] {
    try content.withLock { content in
      guard let stretch = content.stretches[trajectory], range.lowerBound >= stretch.first,
        range.upperBound <= stretch.first + stretch.times.count
      else {
        throw RunError(
          .badInput,
          "frames \(range.lowerBound) to \(range.upperBound - 1) of trajectory \(trajectory) of the log are not there, or no longer in memory"
        )
      }
      let count = layout.count
      return range.map { index in
        let k = index - stretch.first
        return Frame(
          trajectory: trajectory, index: index, time: stretch.times[k],
          state: State(layout, Array(stretch.values[(k * count)..<((k + 1) * count)])))
      }
    }
  }
}
