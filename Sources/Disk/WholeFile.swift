internal import CKernels
internal import Foundation

/// Files that are there whole or not at all: written to a temporary name beside the target, then renamed.
public enum WholeFile {
  /// What survives a loss of power, beside the death of the program.
  public enum Durability: Sendable {
    /// Nothing yet.
    case none
    /// The content: after a loss of power the old file is there or the new one, never an empty one.
    case content
    /// The content and the name: the new file is there.
    case complete
  }

  /// Replaces a file; nothing is left behind where that fails.
  ///
  /// The folder must be there: one that was removed is not made anew, so that nobody writes on into nothing.
  /// - Parameter isReplaced: The target is usually there already. The two names are then swapped and the old file removed,
  ///   because ext4 starts writing to the disk at once when a rename replaces a file, which takes longer than all the rest.
  /// - Parameter landing: Is called immediately before the file gets its name, by the same thread.
  /// - Throws: `DiskError` with the system's reason.
  public static func replace(
    _ path: String, with bytes: UnsafeRawBufferPointer, durability: Durability, isReplaced: Bool = false,
    landing: () -> Void = {}
  ) throws(DiskError) {
    let temporary = temporaryName(path)
    func failed(_ what: String) -> DiskError {
      let error = DiskError(path, cannotBe: what, errno)
      unlink(temporary)
      return error
    }
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failed("created") }
    guard write(bytes, to: descriptor) == bytes.count else {
      let error = failed("written")
      close(descriptor)
      throw error
    }
    if durability != .none, fdatasync(descriptor) != 0 {
      let error = failed("brought to the disk")
      close(descriptor)
      throw error
    }
    guard close(descriptor) == 0 else { throw failed("closed") }
    landing()
    if isReplaced, holstream_exchange(temporary, path) == 0 {
      unlink(temporary)
    } else {
      guard rename(temporary, path) == 0 else { throw failed("renamed into place") }
    }
    if durability == .complete { try synchronise(folder: folder(of: path)) }
  }

  /// - Throws: `DiskError`.
  public static func replace(
    _ path: String, with bytes: [UInt8], durability: Durability, isReplaced: Bool = false
  ) throws(DiskError) {
    let outcome = bytes.withUnsafeBytes { bytes -> DiskError? in
      do throws(DiskError) {
        try replace(path, with: bytes, durability: durability, isReplaced: isReplaced)
      } catch { return error }
      return nil
    }
    if let outcome { throw outcome }
  }

  /// - Throws: `DiskError`.
  public static func replace(_ path: String, with text: String, durability: Durability) throws(DiskError) {
    try replace(path, with: Array(text.utf8), durability: durability)
  }

  /// Makes a link point elsewhere, at once and never to nothing, and brings its name to the disk.
  /// - Throws: `DiskError`.
  public static func replaceLink(_ path: String, to target: String) throws(DiskError) {
    let temporary = temporaryName(path)
    unlink(temporary)
    guard symlink(target, temporary) == 0, rename(temporary, path) == 0 else {
      let error = DiskError(path, cannotBe: "written", errno)
      unlink(temporary)
      throw error
    }
    try synchronise(folder: folder(of: path))
  }

  /// Brings a folder's names to the disk, after which renames in it survive a loss of power.
  /// - Throws: `DiskError`.
  public static func synchronise(folder: String) throws(DiskError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw DiskError(folder, cannotBe: "brought to the disk", errno) }
    defer { close(descriptor) }
    // Some file systems know no such thing for folders.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw DiskError(folder, cannotBe: "brought to the disk", errno)
    }
  }

  /// Writes as much as there is room for.
  /// - Returns: Bytes that were written; fewer than there are after an error, which `errno` names.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int {
    var done = 0
    while done < bytes.count {
      let put = Foundation.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if put < 0, errno == EINTR { continue }
      if put == 0 { errno = ENOSPC }
      if put <= 0 { break }
      done += put
    }
    return done
  }

  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The name under which a file is written before it gets its own.
  static func temporaryName(_ path: String) -> String {
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    return "\(path[..<slash]).\(path[slash...]).tmp-\(getpid())"
  }

  /// Whether a name is one that a killed program left before it could rename it.
  public static func isTemporary(_ name: String) -> Bool { name.hasPrefix(".") && name.contains(".tmp-") }
}
