public import Foundation

/// A file system of some kilobytes in memory, which is soon full.
public final class SmallDisk {
  /// Where it is mounted.
  public let folder: URL

  struct Failed: Error, CustomStringConvertible { let description: String }

  /// Whether this process may mount: tried, because containers often may not, even as root.
  public static let isAvailable: Bool = {
    let place = FileManager.default.temporaryDirectory.appending(path: "holstream-mount-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: place) }
    return getuid() == 0 && (try? SmallDisk(place, bytes: 1 << 16)) != nil
  }()

  /// - Throws: What `mount` says.
  public init(_ folder: URL, bytes: Int) throws {
    self.folder = folder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let (status, output) = try run(
      URL(filePath: "/bin/mount"), ["-t", "tmpfs", "-o", "size=\(bytes)", "none", folder.path])
    guard status == 0 else { throw Failed(description: output) }
  }

  deinit { _ = try? run(URL(filePath: "/bin/umount"), [folder.path]) }
}
