internal import Synchronization
internal import Trajectories

/// The trajectories of a log as far as it was read: kept in memory, the oldest forgotten beyond a bound.
final class LoggedTrajectories: TrajectorySource, EndingTrajectories {
  private struct Stretch: Sendable {
    /// Index of the first frame that is kept.
    var first = 0
    var times: [Double] = []
    /// (frames, layout.count).
    var values: [Double] = []
  }

  private struct Content: Sendable {
    var stretches: [Int: Stretch] = [:]
    var kept = 0
    /// Trajectory numbers that are kept, the oldest first.
    var numbers: [Int] = []
    /// Lengths of trajectories that get no more frames.
    var ended: [Int: Int] = [:]
    /// Whether the log was read to an end that it does not go beyond in this run.
    var isOver = false
    var system: LoggedSystem
    var interval: Double
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
    content.withLock { content in content.stretches[trajectory].map { $0.first + $0.times.count } }
  }

  var trajectories: Int? { content.withLock { ($0.numbers.last ?? -1) + 1 } }

  /// Frames of a trajectory that are in memory; nil when none are.
  func kept(_ trajectory: Int) -> Range<Int>? {
    content.withLock { content in
      content.stretches[trajectory].map { $0.first..<($0.first + $0.times.count) }
    }
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
    content.withLock { content in
      if let known = content.stretches[frame.trajectory], frame.index < known.first + known.times.count { return }
      if content.stretches[frame.trajectory] == nil, frame.trajectory < content.numbers.last ?? -1 { return }
      if content.stretches[frame.trajectory] == nil {
        content.stretches[frame.trajectory] = Stretch()
        content.numbers.append(frame.trajectory)
      }
      content.stretches[frame.trajectory]!.times.append(frame.time)
      content.stretches[frame.trajectory]!.values += frame.state.values
      content.kept += layout.count
      guard content.kept > most, let oldest = content.numbers.first else { return }
      // A quarter of the oldest trajectory at a time, so that forgetting costs little a frame.
      let stretch = content.stretches[oldest]!
      let gone = content.numbers.count > 1 ? stretch.times.count : max(1, stretch.times.count / 4)
      content.stretches[oldest]!.first += gone
      content.stretches[oldest]!.times.removeFirst(gone)
      content.stretches[oldest]!.values.removeFirst(gone * layout.count)
      content.kept -= gone * layout.count
      if content.numbers.count > 1 {
        content.stretches[oldest] = nil
        content.numbers.removeFirst()
      }
    }
  }

  /// The newest frames: of each trajectory at least `needed` long, the newest first, the range that is kept.
  func newest(_ needed: Int) -> [(trajectory: Int, frames: Range<Int>)] {
    content.withLock { content in
      content.numbers.reversed().compactMap { number in
        let stretch = content.stretches[number]!
        guard stretch.times.count >= needed else { return nil }
        return (number, stretch.first..<(stretch.first + stretch.times.count))
      }
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
