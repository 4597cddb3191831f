internal import CInotifyTools
public import Foundation

/// The content of a folder, again whenever something lands in it.
///
/// The folder is the truth and an event only a hint: the watch subscribes, then reads. It reads again at once when a file
/// was renamed into place, because that file is whole; when files are being written, after events have been quiet for a
/// moment (or a deadline has passed); after the kernel lost events, and on a slow timer in any case, so that nothing is
/// missed where inotify is blind. The folder may appear late, vanish and come back. A scan is given only when the content
/// differs from the last one.
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
  let report: (@Sendable (String) -> Void)?

  /// - Parameters:
  ///   - quiet: How long events of files that are written must be silent before the folder is read.
  ///   - deadline: The longest wait after a first event, when they never fall silent.
  ///   - timer: How often the folder is read in any case.
  ///   - stop: Ends the sequence, after a last scan.
  ///   - clock: What measures all of these.
  ///   - report: Is told, in a sentence, when the kernel cannot tell of this folder and the timer alone is left.
  public init(
    _ directory: URL, quiet: Duration = .milliseconds(50), deadline: Duration = .seconds(1),
    timer: Duration = .seconds(5),
    stop: StopSignal? = nil, clock: any Clock<Duration> = ContinuousClock(),
    report: (@Sendable (String) -> Void)? = nil
  ) {
    self.directory = directory.standardizedFileURL.resolvingSymlinksInPath()
    self.quiet = quiet
    self.deadline = deadline
    self.timer = timer
    self.stop = stop
    self.clock = clock
    self.report = report
    method = Self.reportsEvents(self.directory) ? .inotify : .polling
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

  public final class AsyncIterator: AsyncIteratorProtocol {
    private let watch: DirectoryWatch
    let mailbox = Mailbox()
    private let subscription: Int?
    private var last: [DirectoryScan.File]?
    private var isEnding = false
    /// What the last look at the folder has cost.
    private var cost = Duration.zero

    init(_ watch: DirectoryWatch) {
      self.watch = watch
      let mailbox = mailbox
      subscription =
        watch.method == .polling
        ? nil
        : Notifications.shared.subscribe(to: watch.directory) { [watch] event in
          if case .blind(let reason) = event {
            watch.report?("\(watch.directory.path) is looked at every \(watch.timer) only: \(reason)")
          } else {
            mailbox.post(event)
          }
        }
      watch.stop?.onRequest { mailbox.finish() }
    }

    deinit { if let subscription { Notifications.shared.unsubscribe(subscription, from: watch.directory) } }

    public func next() async -> DirectoryScan? {
      if last == nil { return give(look(.start, on: watch.clock)) }
      while !isEnding, !Task.isCancelled {
        let isTimer = await settle(on: watch.clock)
        let hasLost = mailbox.takeLost()
        let scan = look(hasLost ? .overflow : isTimer ? .timer : .event, on: watch.clock)
        if scan.files != last || hasLost { return give(scan) }
      }
      return nil
    }

    private func look<C: Clock<Duration>>(_ reason: DirectoryScan.Reason, on clock: C) -> DirectoryScan {
      // Before the folder is read: what lands from now on is another reason to look.
      _ = mailbox.takeLanded()
      let begin = clock.now
      defer { cost = begin.duration(to: clock.now) }
      return DirectoryScan(of: watch.directory, reason: reason)
    }

    /// Looks in a row take no more than about half of the time, in a folder that is large and busy.
    private static let cheap = Duration.milliseconds(5)

    /// Waits for a file that lands, for an event and then for silence, or for the timer.
    /// - Returns: Whether it was the timer.
    private func settle<C: Clock<Duration>>(on clock: C) async -> Bool {
      switch await wait(until: clock.now.advanced(by: watch.timer), on: clock) {
      case .timeout: return true
      case .end: isEnding = true
      case .event:
        let deadline = clock.now.advanced(by: watch.deadline)
        if cost > Self.cheap, case .end = await wait(until: clock.now.advanced(by: cost), on: clock) { isEnding = true }
        while !isEnding, clock.now < deadline, !mailbox.takeLanded() {
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
    0x6573_5546,  // FUSE, virtiofs
    0xFF53_4D42, 0xFE53_4D42, 0x517B,  // CIFS, SMB2, SMB
    0x4750_4653,  // GPFS
    0x00C3_6400,  // Ceph
    0x0102_1997,  // 9p
    0x5346_414F,  // AFS
    0x1983_0326,  // BeeGFS
    0x0116_1970,  // GFS2
    0x7461_636F,  // OCFS2
    0x786F_4256,  // vboxsf
    0xBACB_ACBC,  // vmhgfs
  ]

  /// By the folder, or by the nearest one above that is there already.
  /// - Parameter magic: The number of the file system at a path, 0 where there is nothing.
  static func reportsEvents(
    _ directory: URL, magic: (String) -> UInt = { UInt(file_system_magic($0)) }
  ) -> Bool {
    var folder = directory.standardizedFileURL
    while true {
      let number = magic(folder.path)
      if number != 0 || folder.path == "/" { return !silent.contains(number) }
      folder.deleteLastPathComponent()
    }
  }
}
