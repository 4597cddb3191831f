import Foundation

/// The least time of several runs, by the clock on the wall and by the processor.
///
/// On a machine that does other things too, only the second is a property of the program; the first shows what threads
/// gain.
struct Timing {
  var wall = Double.infinity
  /// Of all threads together.
  var processor = Double.infinity

  init(repeats: Int = 5, _ body: () -> Void) {
    for _ in 0..<repeats {
      let start = (Self.now(CLOCK_MONOTONIC), Self.now(CLOCK_PROCESS_CPUTIME_ID))
      body()
      wall = min(wall, Self.now(CLOCK_MONOTONIC) - start.0)
      processor = min(processor, Self.now(CLOCK_PROCESS_CPUTIME_ID) - start.1)
    }
  }

  init(wall: Double, processor: Double) {
    self.wall = wall
    self.processor = processor
  }

  private static func now(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  static func / (timing: Timing, count: Int) -> Timing {
    Timing(wall: timing.wall / Double(count), processor: timing.processor / Double(count))
  }
}
