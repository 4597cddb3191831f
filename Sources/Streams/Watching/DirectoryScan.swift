public import Foundation

/// What a folder holds at one instant.
public struct DirectoryScan: Sendable, Equatable {
  public struct File: Sendable, Equatable {
    public var name: String
    public var size: Int
    /// The file's identity on its file system: a file that was replaced by a rename has another one.
    public var inode: UInt64
    public var modified: Date
  }

  /// Why the folder was looked at.
  public enum Reason: String, Sendable {
    case start, event
    /// The kernel's queue overflowed: some events are lost, so the folder was read.
    case overflow
    case timer
  }

  /// Regular files in order of name; empty when the folder does not exist.
  public var files: [File]
  public var reason: Reason

  public init(files: [File], reason: Reason) {
    self.files = files
    self.reason = reason
  }

  /// Reads the folder now.
  public init(of directory: URL, reason: Reason) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
    let prefix = directory.path + "/"
    files = names.sorted().compactMap { name in
      var status = stat()
      guard lstat(prefix + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        return nil
      }
      let modified = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
      return File(
        name: name, size: Int(status.st_size), inode: UInt64(status.st_ino),
        modified: Date(timeIntervalSince1970: modified))
    }
    self.reason = reason
  }
}
