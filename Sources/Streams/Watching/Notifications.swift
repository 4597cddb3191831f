internal import CInotifyTools
internal import Foundation
internal import Synchronization

/// The process's one owner of libinotifytools, whose state is global: a thread that adds watches, waits for events and
/// passes them to the mailboxes of whoever subscribed to the folder.
final class Notifications: Sendable {
  enum Event: Sendable { case changed, overflowed, gone }

  static let shared = Notifications()

  private struct State {
    var subscribers: [String: [Int: @Sendable (Event) -> Void]] = [:]
    var watched: Set<String> = []
    var nextNumber = 0
    var isStarted = false
    var isUsable = true
  }
  private let state = Mutex(State())
  /// A folder of our own: a file touched in it wakes the thread, which has no other ear.
  private let doorbell = FileManager.default.temporaryDirectory.appending(
    path: "holstream-bell-\(getpid())-\(UUID().uuidString.prefix(8))")

  /// Calls `handler` on the owner's thread whenever something lands in, or happens to, the folder.
  /// - Returns: A number for `unsubscribe`; nil when inotify is not to be had, so that the caller must poll.
  func subscribe(to directory: URL, _ handler: @escaping @Sendable (Event) -> Void) -> Int? {
    let number = state.withLock { state -> Int? in
      guard state.isUsable else { return nil }
      if !state.isStarted {
        state.isStarted = true
        try? FileManager.default.createDirectory(at: doorbell, withIntermediateDirectories: true)
        guard inotifytools_initialize() != 0, inotifytools_watch_file(doorbell.path + "/", Self.mask) != 0 else {
          state.isUsable = false
          return nil
        }
        Thread.detachNewThread { [self] in listen() }
      }
      state.nextNumber += 1
      state.subscribers[directory.path, default: [:]][state.nextNumber] = handler
      return state.nextNumber
    }
    ring()
    return number
  }

  func unsubscribe(_ number: Int, from directory: URL) {
    state.withLock { state in
      state.subscribers[directory.path]?[number] = nil
      if state.subscribers[directory.path]?.isEmpty ?? false { state.subscribers[directory.path] = nil }
    }
    ring()
  }

  /// Never OPEN or ACCESS: one's own reads would fill the queue.
  private static let mask = Int32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)

  private func ring() {
    _ = FileManager.default.createFile(atPath: doorbell.appending(path: "ring").path, contents: nil)
  }

  private func listen() {
    while true {
      adjustWatches()
      guard let event = inotifytools_next_event(1)?.pointee else { continue }
      if event.mask & UInt32(IN_Q_OVERFLOW) != 0 {
        for handler in handlers(of: nil) { handler(.overflowed) }
        continue
      }
      guard let name = inotifytools_filename_from_wd(event.wd) else { continue }
      var path = String(cString: name)
      if path.hasSuffix("/") { path.removeLast() }
      if event.mask & UInt32(IN_DELETE_SELF | IN_MOVE_SELF) != 0 {
        inotifytools_remove_watch_by_wd(event.wd)
        state.withLock { _ = $0.watched.remove(path) }
        for handler in handlers(of: path) { handler(.gone) }
      } else {
        for handler in handlers(of: path) { handler(.changed) }
      }
    }
  }

  /// Adds the watches that are wanted and possible, and removes the ones that nobody wants. A folder that does not exist
  /// yet is tried again at every turn, at the latest after a second.
  private func adjustWatches() {
    let (wanted, watched) = state.withLock { (Set($0.subscribers.keys), $0.watched) }
    for path in watched.subtracting(wanted) {
      inotifytools_remove_watch_by_filename(path + "/")
      state.withLock { _ = $0.watched.remove(path) }
    }
    for path in wanted.subtracting(watched) where inotifytools_watch_file(path + "/", Self.mask) != 0 {
      state.withLock { _ = $0.watched.insert(path) }
      for handler in handlers(of: path) { handler(.changed) }
    }
  }

  private func handlers(of path: String?) -> [@Sendable (Event) -> Void] {
    state.withLock { state in
      guard let path else { return state.subscribers.values.flatMap(\.values) }
      return state.subscribers[path].map { Array($0.values) } ?? []
    }
  }
}
