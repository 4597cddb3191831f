internal import CKernels

/// Threads of one's own that do small pieces of work together, stage by stage.
///
/// For stages of some microseconds, where `Workers` would spend as long on waking a thread as the stage takes. Each
/// stage has parts, and whoever is free takes the next: which thread does a part depends on timing, what the part does
/// must not. A thread that the system keeps from running holds nobody up unless it is in the middle of a part. The threads
/// live as long as the crew; idle ones sleep.
// Unchecked: both properties are constant, and the threads behind the pointer agree by atomics in C.
public final class Crew: @unchecked Sendable {
  public let count: Int
  private let threads: OpaquePointer?

  /// - Parameter count: Workers, the caller of `run` included; the crew is of one where the system gives no threads.
  public init(count: Int) {
    precondition(count >= 1, "a crew needs at least one worker, got \(count)")
    threads = count > 1 ? holstream_crew_make(Int32(count)) : nil
    self.count = threads == nil ? 1 : count
  }

  deinit { if let threads { holstream_crew_free(threads) } }

  /// A worker's way through the stages of one piece of work.
  public struct Turns {
    /// Below `count`, and no other worker's: for memory of one's own.
    public let worker: Int
    let threads: OpaquePointer?
    var stage = 0

    /// One worker that has every part for itself.
    public static var alone: Turns { Turns(worker: 0, threads: nil) }

    /// The next stage: `body` is called for those of `0 ..< parts` that this worker takes, and all of the stage is done
    /// when it returns.
    ///
    /// Every worker must come to the same stages with the same number of parts, below 2²⁰.
    public mutating func share(_ parts: Int, _ body: (_ part: Int) -> Void) {
      guard let threads else {
        for part in 0..<parts { body(part) }
        return
      }
      if parts == 0 { return }
      while case let part = holstream_crew_take(threads, stage, Int32(parts)), part >= 0 {
        body(Int(part))
        holstream_crew_finish(threads, stage, Int32(parts))
      }
      stage += 1
    }
  }

  /// Calls `body` for each worker that comes in time, and returns when all stages in it are over.
  ///
  /// Not from two threads at once, and not from within `body`.
  public func run(_ body: @Sendable (inout Turns) -> Void) {
    guard let threads else {
      var turns = Turns.alone
      return body(&turns)
    }
    struct Piece {
      let body: @Sendable (inout Turns) -> Void
      let threads: OpaquePointer
    }
    withoutActuallyEscaping(body) { body in
      var piece = Piece(body: body, threads: threads)
      withUnsafeMutablePointer(to: &piece) { piece in
        holstream_crew_run(
          threads,
          { context, worker, stage in
            let piece = context!.assumingMemoryBound(to: Piece.self)
            var turns = Turns(worker: Int(worker), threads: piece.pointee.threads, stage: stage)
            piece.pointee.body(&turns)
          }, piece)
      }
    }
  }
}
