internal import DequeModule
internal import Trajectories

/// The newest frames of each trajectory of a log, which are not learnt from as long as a verdict may take them for truth.
///
/// Verdicts are given on the trajectory that grew last among those that are long enough. A trajectory's newest frames are
/// therefore due when newer ones of its own have come, or when another trajectory has brought as many since its last one:
/// from then on that one is long enough and the newer, and memory forgets the older frames first. Which frames are due
/// is decided by the stream alone, so that it does not depend on when verdicts are given.
struct HeldBackFrames {
  private struct Trajectory {
    var frames: Deque<(frame: Frame, arrival: Int)> = []
    var last = 0
  }
  private var trajectories: [Int: Trajectory] = [:]
  private var arrivals = 0
  /// No trajectory's last frame came before this.
  private var oldest = 0

  /// Takes in the next frame of the stream.
  /// - Returns: What may be learnt now, in order, and the trajectories of which nothing is held any more.
  mutating func add(_ frame: Frame, holding count: Int) -> (frames: [Frame], silent: [Int]) {
    arrivals += 1
    var own = trajectories.removeValue(forKey: frame.trajectory) ?? Trajectory()
    own.frames.append((frame, arrivals))
    own.last = arrivals
    var due: [Frame] = []
    if own.frames.count > count { due.append(own.frames.removeFirst().frame) }
    let begin = own.frames.count == count ? own.frames.first?.arrival ?? 0 : 0
    trajectories[frame.trajectory] = own
    // All that are held of this trajectory came after the last one of those.
    guard begin > oldest else { return (due, []) }
    let silent = trajectories.keys.filter { trajectories[$0]!.last < begin }.sorted()
    for number in silent { due += trajectories.removeValue(forKey: number)!.frames.map(\.frame) }
    oldest = trajectories.values.lazy.map(\.last).min() ?? 0
    return (due, silent)
  }
}
