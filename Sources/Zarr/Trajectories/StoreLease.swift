public import Foundation

/// A reader's word that it needs some trajectories: while it is held, retention does not delete them and sealing does not
/// take the files away.
///
/// A small file beside the store, locked as long as its holder lives, so that a killed reader holds nothing.
public final class StoreLease: Sendable {
  /// Who holds what.
  public struct Note: Sendable, Codable, Equatable {
    public var holder: String
    public var trajectories: Range<Int>
  }

  private let descriptor: Int32
  private let path: String

  /// - Throws: `StoreError` where no file can be written beside the store.
  public init(_ store: URL, trajectories: Range<Int>) throws(StoreError) {
    let folder = Self.folder(of: store)
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    path = "\(folder)/\(getpid())-\(UUID().uuidString).json"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw StoreError(.unwritable, path, "cannot hold frames of the store: \(String(cString: strerror(errno)))")
    }
    let note = Note(
      holder: "process \(getpid()) on \(ProcessInfo.processInfo.hostName)", trajectories: trajectories)
    let bytes = (try? JSONEncoder().encode(note)).map { [UInt8]($0) } ?? []
    _ = pwrite(descriptor, bytes, bytes.count, 0)
  }

  deinit {
    unlink(path)
    close(descriptor)
  }

  /// What is held of a store now; notes that a killed holder left are cleared away.
  public static func held(of store: URL) -> [Note] {
    let folder = folder(of: store)
    return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap { name in
      let path = "\(folder)/\(name)"
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      guard descriptor >= 0 else { return nil }
      defer { close(descriptor) }
      if flock(descriptor, LOCK_SH | LOCK_NB) == 0 {
        unlink(path)
        return nil
      }
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = pread(descriptor, &bytes, bytes.count, 0)
      // A note that cannot be read yet holds everything.
      return (try? JSONDecoder().decode(Note.self, from: Data(bytes.prefix(max(0, count)))))
        ?? Note(holder: "another program", trajectories: 0..<Int.max)
    }
  }

  private static func folder(of store: URL) -> String {
    "\(store.deletingLastPathComponent().path)/.\(store.lastPathComponent).leases"
  }
}
