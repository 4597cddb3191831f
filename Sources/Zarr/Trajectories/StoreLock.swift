internal import Foundation

/// One writer a store: an advisory lock that the system drops with its holder, and a note that names the holder.
///
/// The file lies beside the store, not in it, because readers of Zarr wonder about foreign files.
final class StoreLock {
  private let descriptor: Int32

  /// - Throws: `StoreError.locked` naming who writes.
  init(for store: URL) throws(StoreError) {
    let url = store.deletingLastPathComponent().appending(path: ".\(store.lastPathComponent).lock")
    descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw StoreError(.unwritable, store.path, "cannot be locked for writing: \(String(cString: strerror(errno)))")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      var note = [UInt8](repeating: 0, count: 200)
      let length = pread(descriptor, &note, note.count, 0)
      close(descriptor)
      let holder = String(decoding: note.prefix(max(0, length)), as: UTF8.self)
      throw StoreError(
        .locked, store.path,
        "is being written by \(holder.isEmpty ? "another program" : holder); wait for it or stop it")
    }
    let note = Array("process \(getpid()) on \(ProcessInfo.processInfo.hostName)".utf8)
    _ = ftruncate(descriptor, 0)
    _ = pwrite(descriptor, note, note.count, 0)
  }

  deinit { close(descriptor) }

  /// Whether somebody writes to the store now.
  static func isHeld(for store: URL) -> Bool {
    let descriptor = open(
      store.deletingLastPathComponent().appending(path: ".\(store.lastPathComponent).lock").path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0
  }
}
