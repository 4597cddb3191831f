internal import CKernels
internal import Foundation

/// An open folder and the path under which it was found: whether that path still leads to it.
public final class Place: Sendable {
  public let path: String
  private let descriptor: Int32

  /// - Throws: `DiskError` when there is no such folder.
  public init(_ path: String) throws(DiskError) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw DiskError(path, cannotBe: "opened", errno) }
  }

  deinit { close(descriptor) }

  /// - Throws: `DiskError.removed` when the path leads to nothing or to something else.
  public func check() throws(DiskError) {
    guard Self.isSame(path, descriptor) else {
      throw DiskError(.removed, path, "is no longer there: it was removed or renamed while the program wrote to it")
    }
  }

  /// Brings everything that was written to the folder's file system to the disk.
  /// - Throws: `DiskError`, also for what went wrong behind the back of whoever wrote.
  public func synchroniseFileSystem() throws(DiskError) {
    let code = holstream_synchronise(descriptor)
    guard code == 0 else { throw DiskError(path, cannotBe: "brought to the disk", code) }
  }

  /// Whether a path leads to an open file or folder.
  static func isSame(_ path: String, _ descriptor: Int32) -> Bool {
    var named = stat()
    var open = stat()
    return stat(path, &named) == 0 && fstat(descriptor, &open) == 0 && named.st_ino == open.st_ino
      && named.st_dev == open.st_dev
  }
}
