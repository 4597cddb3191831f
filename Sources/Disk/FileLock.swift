internal import Foundation

/// An advisory lock on a file of its own, which the system drops with its holder, and a note in it that names the holder.
public final class FileLock: Sendable {
  /// Somebody else holds the lock.
  public struct Held: Error, Sendable {
    /// Such as `process 1234 on host`.
    public let holder: String
  }

  private let descriptor: Int32

  /// - Throws: `Held`, or `DiskError` where the file cannot be made.
  public convenience init(_ path: String) throws { try self.init(path) { usleep(1000) } }

  /// - Parameter pause: Waits a moment for somebody who only looks (`isHeld`).
  init(_ path: String, pause: () -> Void) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw DiskError(path, cannotBe: "locked for writing", errno) }
    guard Self.lock(descriptor, pause) else {
      let code = errno
      var note = [UInt8](repeating: 0, count: 200)
      let length = pread(descriptor, &note, note.count, 0)
      close(descriptor)
      guard code == EWOULDBLOCK else { throw DiskError(path, cannotBe: "locked for writing", code) }
      let holder = String(decoding: note.prefix(max(0, length)), as: UTF8.self)
      throw Held(holder: holder.isEmpty ? "another program" : holder)
    }
    self.descriptor = descriptor
    let note = Array("process \(getpid()) on \(ProcessInfo.processInfo.hostName)".utf8)
    // Without room for the note the lock holds all the same; it then names nobody.
    _ = ftruncate(descriptor, 0)
    _ = pwrite(descriptor, note, note.count, 0)
  }

  deinit { close(descriptor) }

  /// Who looks whether the lock is held shares it for an instant, and must keep nobody from taking it.
  private static func lock(_ descriptor: Int32, _ pause: () -> Void) -> Bool {
    for _ in 0..<1000 {
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
      guard errno == EWOULDBLOCK, flock(descriptor, LOCK_SH | LOCK_NB) == 0 else { return false }
      flock(descriptor, LOCK_UN)
      pause()
    }
    errno = EWOULDBLOCK
    return false
  }

  /// Whether somebody holds the lock now.
  public static func isHeld(_ path: String) -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return flock(descriptor, LOCK_SH | LOCK_NB) != 0
  }
}
