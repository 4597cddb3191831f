internal import CInotifyTools
public import Foundation

/// The content of a folder, again whenever something lands in it.
///
/// The folder is the truth and an event only a hint: the watch subscribes, then reads; it reads again after events have
/// been quiet for a moment (or a deadline has passed), after the kernel lost events, and on a slow timer in any case, so
/// that nothing is missed where inotify is blind. The folder may appear late, vanish and come back. A scan is given only
/// when the content differs from the last one.
///
/// On network and user-space file systems, which do not report what others write, the timer alone is used; `method` says so.
public struct DirectoryWatch: AsyncSequence, Sendable {
  public typealias Element = DirectoryScan
  public typealias Failure = Never

  public enum Method: String, Sendable { case inotify, polling }

  public let directory: URL
  public internal(set) var method: Method
  let quiet: Duration
  let deadline: Duration
  let timer: Duration
  let stop: StopSignal?
  let clock: any Clock<Duration>

  /// - Parameters:
  ///   - quiet: How long events must be silent before the folder is read.
  ///   - deadline: The longest wait after a first event, when they never fall silent.
  ///   - timer: How often the folder is read in any case.
  ///   - stop: Ends the sequence, after a last scan.
  ///   - clock: What measures all of these.
  public init(
    _ directory: URL, quiet: Duration = .milliseconds(50), deadline: Duration = .seconds(1),
    timer: Duration = .seconds(5),
    stop: StopSignal? = nil, clock: any Clock<Duration> = ContinuousClock()
  ) {
    self.directory = directory.standardizedFileURL.resolvingSymlinksInPath()
    self.quiet = quiet
    self.deadline = deadline
    self.timer = timer
    self.stop = stop
    self.clock = clock
    method = Self.reportsEvents(directory) ? .inotify : .polling
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

  public final class AsyncIterator: AsyncIteratorProtocol {
    private let watch: DirectoryWatch
    let mailbox = Mailbox()
    private let subscription: Int?
    private var last: [DirectoryScan.File]?
    private var isEnding = false

    init(_ watch: DirectoryWatch) {
      self.watch = watch
      let mailbox = mailbox
      subscription =
        watch.method == .polling ? nil : Notifications.shared.subscribe(to: watch.directory) { mailbox.post($0) }
      watch.stop?.onRequest { mailbox.finish() }
    }

    deinit { if let subscription { Notifications.shared.unsubscribe(subscription, from: watch.directory) } }

    public func next() async -> DirectoryScan? {
      if last == nil { return give(DirectoryScan(of: watch.directory, reason: .start)) }
      while !isEnding, !Task.isCancelled {
        let isTimer = await settle(on: watch.clock)
        let hasLost = mailbox.takeLost()
        let scan = DirectoryScan(of: watch.directory, reason: hasLost ? .overflow : isTimer ? .timer : .event)
        if scan.files != last || hasLost { return give(scan) }
      }
      return nil
    }

    /// Waits for an event and then for silence, or for the timer.
    /// - Returns: Whether it was the timer.
    private func settle<C: Clock<Duration>>(on clock: C) async -> Bool {
      switch await wait(until: clock.now.advanced(by: watch.timer), on: clock) {
      case .timeout: return true
      case .end: isEnding = true
      case .event:
        let deadline = clock.now.advanced(by: watch.deadline)
        while !isEnding, clock.now < deadline {
          switch await wait(until: Swift.min(clock.now.advanced(by: watch.quiet), deadline), on: clock) {
          case .event: continue
          case .timeout: return false
          case .end: isEnding = true
          }
        }
      }
      return false
    }

    private func give(_ scan: DirectoryScan) -> DirectoryScan {
      last = scan.files
      return scan
    }

    private enum Waited: Sendable {
      case event(Notifications.Event)
      case timeout, end
    }

    private func wait<C: Clock<Duration>>(until instant: C.Instant, on clock: C) async -> Waited {
      let mailbox = mailbox
      return await withTaskGroup(of: Waited?.self) { group in
        group.addTask { await mailbox.next().map(Waited.event) ?? (Task.isCancelled ? nil : .end) }
        group.addTask {
          do { try await clock.sleep(until: instant, tolerance: nil) } catch { return nil }
          return .timeout
        }
        var result = Waited.end
        while let waited = await group.next() {
          if let waited {
            result = waited
            break
          }
        }
        group.cancelAll()
        // An event that arrived while the timer rang must not be lost with the losing task.
        for await late in group { if case .event = late { result = late! } }
        return result
      }
    }
  }

  /// File systems that do not tell about what other machines or programs write.
  private static let silent: Set<UInt> = [
    0x6969,  // NFS
    0x0BD0_0BD0,  // Lustre
    0x6573_5546,  // FUSE
    0xFF53_4D42, 0xFE53_4D42,  // CIFS, SMB2
    0x4750_4653,  // GPFS
  ]

  private static func reportsEvents(_ directory: URL) -> Bool {
    !silent.contains(file_system_magic(directory.path))
  }
}
