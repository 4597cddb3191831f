internal import Disk
internal import Foundation
internal import Streams
internal import Synchronization

/// What everything that a run writes does when the disk is full: it waits, says once what waits for what, tries again each
/// second, and goes on by itself when there is space.
///
/// Whoever is told to stop meanwhile tries once more, gives up and goes on to its end, so that the others can bring to the
/// disk what they have; what could not be written is remembered and said at the end. Any other failure, a disk that became
/// read-only or is defective, is an error at once.
final class DiskPatience: Sendable {
  private let halt: StopSignal
  private let tell: @Sendable (String) -> Void
  private let clock: any Clock<Duration>
  private let given = Mutex<[String]>([])

  private static let interval = Duration.seconds(1)

  /// - Parameters:
  ///   - halt: Requested when nobody may wait any longer.
  ///   - tell: Takes sentences for the user.
  init(
    halt: StopSignal, clock: some Clock<Duration> = ContinuousClock(), tell: @escaping @Sendable (String) -> Void
  ) {
    self.halt = halt
    self.clock = clock
    self.tell = tell
  }

  /// What could not be written, because the end was asked for while there was no space.
  var lost: [String] { given.withLock { $0 } }

  /// Remembers something that could not be written.
  func lose(_ what: String) { given.withLock { if !$0.contains(what) { $0.append(what) } } }

  /// Does what needs room on the disk; waits while there is none.
  /// - Parameter what: Is written, for the user; nil when the caller says itself what is lost.
  /// - Returns: Nil when it was given up.
  /// - Throws: What `body` throws, but for a full disk.
  func callAsFunction<Result>(_ what: String?, _ body: () throws -> Result) async throws -> Result? {
    var wait: Wait?
    while true {
      let isLast = halt.isRequested || Task.isCancelled
      do {
        let result = try body()
        if wait != nil { tell("There is space again: \(what ?? "the run") goes on.") }
        return result
      } catch let error as any DiskFailure where error.isDiskFull {
        if isLast {
          if let what { lose(what) }
          return nil
        }
        if wait == nil { tell(Self.sentence(error)) }
        wait = wait ?? Wait(halt)
        await wait!.sleep(Self.interval, clock)
      }
    }
  }

  /// The same for whoever has a thread of its own, which is held up.
  func blocking<Result>(_ what: String?, _ body: () throws -> Result) throws -> Result? {
    let end = DispatchSemaphore(value: 0)
    var isWaiting = false
    while true {
      let isLast = halt.isRequested
      do {
        let result = try body()
        if isWaiting { tell("There is space again: \(what ?? "the run") goes on.") }
        return result
      } catch let error as any DiskFailure where error.isDiskFull {
        if isLast {
          if let what { lose(what) }
          return nil
        }
        if !isWaiting {
          tell(Self.sentence(error))
          halt.onRequest { end.signal() }
        }
        isWaiting = true
        _ = end.wait(timeout: .now() + Self.interval / .seconds(1))
      }
    }
  }

  private static func sentence(_ error: any DiskFailure) -> String {
    "\(error). It waits, and goes on when there is space."
  }

  /// A sleep that ends at once when the end is asked for.
  private final class Wait: Sendable {
    private let sleeping = Mutex<Task<Void, Never>?>(nil)
    private let halt: StopSignal

    init(_ halt: StopSignal) {
      self.halt = halt
      halt.onRequest { [weak self] in self?.sleeping.withLock { $0?.cancel() } }
    }

    func sleep(_ interval: Duration, _ clock: any Clock<Duration>) async {
      let task = Task { _ = try? await clock.sleep(for: interval) }
      sleeping.withLock { $0 = task }
      if halt.isRequested { task.cancel() }
      await withTaskCancellationHandler {
        await task.value
      } onCancel: {
        task.cancel()
      }
    }
  }
}

/// A sink that writes each element down.
struct WritingSink<Input: Sendable>: Sink {
  /// For the user.
  let what: String
  let patience: DiskPatience
  let body: @Sendable (Input) throws -> Void

  func consume(_ elements: Inlet<Input>) async throws {
    for try await element in elements {
      // What cannot be written before the end is said at the end.
      guard try await patience(what, { try body(element) }) != nil else { return }
    }
  }
}
