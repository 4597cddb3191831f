internal import CInotifyTools
internal import Foundation
internal import Synchronization

/// The process's one owner of libinotifytools, whose state is global: a thread that adds watches, waits for events and
/// passes them to the mailboxes of whoever subscribed to the folder.
final class Notifications: Sendable {
  enum Event: Sendable, Equatable {
    /// A file was written and closed; its writer may go on.
    case changed
    /// A file was renamed into place: it is whole.
    case landed
    case overflowed, gone
    /// The kernel does not tell of this folder, for this reason.
    case blind(String)
  }

  static let shared = Notifications()

  private struct State {
    var subscribers: [String: [Int: @Sendable (Event) -> Void]] = [:]
    /// The folders that are watched, as they were when that began.
    var watched: [String: Identity] = [:]
    /// Folders that cannot be watched, of which that was told.
    var isBlind: Set<String> = []
    var nextNumber = 0
    var doorbell: Doorbell?
  }
  private struct Identity: Hashable {
    var device: UInt64
    var inode: UInt64
  }
  private let state = Mutex(State())

  /// Calls `handler` on the owner's thread whenever something lands in, or happens to, the folder; on the caller's, when
  /// the kernel has no ear for us.
  /// - Returns: A number for `unsubscribe`; nil when inotify is not to be had, so that the caller must poll.
  func subscribe(to directory: URL, _ handler: @escaping @Sendable (Event) -> Void) -> Int? {
    let (number, doorbell, complaint) = state.withLock { state -> (Int?, Doorbell?, String?) in
      if state.doorbell == nil {
        guard let doorbell = Doorbell() else { return (nil, nil, "there is no temporary folder to write in") }
        guard inotifytools_initialize() != 0, inotifytools_watch_file(doorbell.path, Doorbell.mask) != 0 else {
          return (nil, nil, Self.complaint(inotifytools_error()))
        }
        state.doorbell = doorbell
        Thread.detachNewThread { [self] in listen() }
      }
      state.nextNumber += 1
      state.subscribers[directory.path, default: [:]][state.nextNumber] = handler
      return (state.nextNumber, state.doorbell, nil)
    }
    if let complaint { handler(.blind(complaint)) }
    doorbell?.ring()
    return number
  }

  func unsubscribe(_ number: Int, from directory: URL) {
    let doorbell = state.withLock { state in
      state.subscribers[directory.path]?[number] = nil
      if state.subscribers[directory.path]?.isEmpty ?? false {
        state.subscribers[directory.path] = nil
        state.isBlind.remove(directory.path)
      }
      return state.doorbell
    }
    doorbell?.ring()
  }

  /// Never OPEN or ACCESS: one's own reads would fill the queue.
  private static let mask = Int32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)

  private func listen() {
    var looked = ContinuousClock.now
    while true {
      adjustWatches()
      let event = inotifytools_next_event(1)?.pointee
      if event == nil || .now - looked > .seconds(1) {
        forgetWhatMoved()
        looked = .now
      }
      guard let event else { continue }
      if event.mask & UInt32(IN_Q_OVERFLOW) != 0 {
        for handler in handlers(of: nil) { handler(.overflowed) }
        continue
      }
      guard let name = inotifytools_filename_from_wd(event.wd) else { continue }
      var path = String(cString: name)
      if path.hasSuffix("/") { path.removeLast() }
      if event.mask & UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT) != 0 {
        inotifytools_remove_watch_by_wd(event.wd)
        forget(path)
        for handler in handlers(of: path) { handler(.gone) }
      } else if event.mask & UInt32(IN_MOVED_TO | IN_CLOSE_WRITE) != 0 {
        let word: Event = event.mask & UInt32(IN_MOVED_TO) != 0 ? .landed : .changed
        for handler in handlers(of: path) { handler(word) }
      }
    }
  }

  /// Adds the watches that are wanted and possible, and removes the ones that nobody wants. A folder that does not exist
  /// yet is tried again at every turn, at the latest after a second.
  private func adjustWatches() {
    let (wanted, watched) = state.withLock { (Set($0.subscribers.keys), Set($0.watched.keys)) }
    for path in watched.subtracting(wanted) {
      inotifytools_remove_watch_by_filename(path + "/")
      state.withLock { $0.watched[path] = nil }
    }
    for path in wanted.subtracting(watched) {
      // Taken before the watch begins: a folder that takes its place meanwhile is then found to be another one.
      let identity = Self.identity(path)
      if let identity, inotifytools_watch_file(path + "/", Self.mask) != 0 {
        state.withLock { state in
          state.watched[path] = identity
          state.isBlind.remove(path)
        }
        for handler in handlers(of: path) { handler(.changed) }
      } else if identity != nil, case let code = inotifytools_error(), code != ENOENT, code != ENOTDIR {
        guard state.withLock({ $0.isBlind.insert(path).inserted }) else { continue }
        for handler in handlers(of: path) { handler(.blind(Self.complaint(code))) }
      }
    }
  }

  /// A folder above a watched one may have been renamed, of which no event tells.
  private func forgetWhatMoved() {
    for (path, identity) in state.withLock({ $0.watched }) where Self.identity(path) != identity {
      inotifytools_remove_watch_by_filename(path + "/")
      forget(path)
      for handler in handlers(of: path) { handler(.gone) }
    }
  }

  /// All names of one folder share one watch of the kernel.
  private func forget(_ path: String) {
    state.withLock { state in
      guard let identity = state.watched.removeValue(forKey: path) else { return }
      state.watched = state.watched.filter { $0.value != identity }
    }
  }

  private static func identity(_ path: String) -> Identity? {
    var status = stat()
    return stat(path, &status) == 0 ? Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)) : nil
  }

  /// What an error of inotify means to the user.
  static func complaint(_ code: Int32) -> String {
    switch code {
    case ENOSPC: "this user may have no more inotify watches (sysctl fs.inotify.max_user_watches)"
    case EMFILE: "this user may have no more inotify instances (sysctl fs.inotify.max_user_instances) or open files"
    default: String(cString: strerror(code))
    }
  }

  private func handlers(of path: String?) -> [@Sendable (Event) -> Void] {
    state.withLock { state in
      guard let path else { return state.subscribers.values.flatMap(\.values) }
      return state.subscribers[path].map { Array($0.values) } ?? []
    }
  }
}
