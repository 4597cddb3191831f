public import Foundation

/// A small ext4 file system in a file, mounted by a loop device: a disk of one's own, whose power can be cut.
public final class LoopDisk {
  public let image: URL
  /// Where it is mounted.
  public let folder: URL
  private var isMounted = true

  struct Failed: Error, CustomStringConvertible { let description: String }

  /// Whether this process may have such disks: tried, because containers often may not, even as root.
  public static let isAvailable: Bool = {
    let place = FileManager.default.temporaryDirectory.appending(path: "holstream-loop-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: place) }
    guard getuid() == 0,
      (try? FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)) != nil,
      let disk = try? LoopDisk(place.appending(path: "image"), megabytes: 8, mountedAt: place.appending(path: "disk"))
    else { return false }
    return (try? disk.unmount()) != nil
  }()

  /// Makes a file system and mounts it.
  /// - Throws: What the system's tools say.
  public convenience init(_ image: URL, megabytes: Int, mountedAt folder: URL) throws {
    _ = FileManager.default.createFile(atPath: image.path, contents: nil)
    guard truncate(image.path, off_t(megabytes) << 20) == 0 else { throw Failed(description: "no image") }
    try Self.tool("mkfs.ext4", ["-q", "-F", image.path])
    try self.init(existing: image, mountedAt: folder)
  }

  /// Mounts an image, which goes through its journal first.
  /// - Throws: What the system's tools say.
  public init(existing image: URL, mountedAt folder: URL) throws {
    self.image = image
    self.folder = folder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Self.tool("mount", ["-o", "loop", image.path, folder.path])
  }

  deinit { try? unmount() }

  /// - Throws: What the system's tools say.
  public func unmount() throws {
    guard isMounted else { return }
    try Self.tool("umount", [folder.path])
    isMounted = false
  }

  /// Mounts anew with other options, such as `ro`.
  /// - Throws: What the system's tools say.
  public func remount(_ options: String) throws { try Self.tool("mount", ["-o", "remount,\(options)", folder.path]) }

  /// Copies the image as it is at one instant: what a loss of power would leave.
  ///
  /// It is read until two readings are the same; between them nothing was written.
  public func cut(to copy: URL) throws {
    var before = try Data(contentsOf: image)
    while true {
      let now = try Data(contentsOf: image)
      if now == before { break }
      before = now
    }
    try before.write(to: copy)
  }

  private static func tool(_ name: String, _ arguments: [String]) throws {
    let places = ["/sbin", "/usr/sbin", "/bin", "/usr/bin"].map { URL(filePath: "\($0)/\(name)") }
    guard let tool = places.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
      throw Failed(description: "there is no \(name)")
    }
    let (status, output) = try run(tool, arguments)
    guard status == 0 else { throw Failed(description: "\(name): \(output)") }
  }
}
