public import Foundation

/// Reads a growing text file line by line, as `tail -F` does: through renames, truncation and late creation.
///
/// A value to be polled: `read()` gives the complete lines that have come since the last call. A line without its end is
/// kept until the end comes.
public struct LineFollower {
  public let url: URL
  /// How often the file was found to be another one or shorter than before.
  public private(set) var restarts = 0
  private var handle: FileHandle?
  private var inode: UInt64 = 0
  private var position: UInt64 = 0
  private var partial = Data()

  /// The longest line that is believed; a longer one is cut there, so that a broken file cannot fill the memory.
  public static let longestLine = 16 << 20

  public init(_ url: URL) { self.url = url }

  /// The lines that were completed since the last call; at most about 1 MiB of them, empty when there are none yet.
  /// - Throws: Foundation's error when an existing file cannot be read.
  public mutating func read() throws -> [String] {
    if handle == nil { try open() }
    guard handle != nil else { return [] }
    var lines = try readAvailable()
    if lines.isEmpty, try hasBeenReplaced() {
      // What was written between our last read and the rename is still in the old file.
      lines = try readAvailable()
      if !lines.isEmpty { return lines }
      handle = nil
      partial.removeAll()
      restarts += 1
      try open()
      lines = try readAvailable()
    }
    return lines
  }

  private mutating func open() throws {
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    let file = try FileHandle(forReadingFrom: url)
    var status = stat()
    fstat(file.fileDescriptor, &status)
    inode = UInt64(status.st_ino)
    position = 0
    handle = file
  }

  private mutating func readAvailable() throws -> [String] {
    // A line may be longer than what is read at once: empty must mean that there is nothing, not that it goes on.
    while let handle, let data = try handle.read(upToCount: 1 << 20), !data.isEmpty {
      position += UInt64(data.count)
      partial.append(data)
      guard let end = data.lastIndex(of: 10) else {
        if partial.count > Self.longestLine { partial.removeAll() }
        continue
      }
      let complete = partial.dropLast(data.endIndex - end)
      let lines = complete.split(separator: 10, omittingEmptySubsequences: true).map {
        String(decoding: $0, as: UTF8.self)
      }
      partial = Data(data[data.index(after: end)...])
      if !lines.isEmpty { return lines }
    }
    return []
  }

  private func hasBeenReplaced() throws -> Bool {
    var status = stat()
    guard stat(url.path, &status) == 0 else { return false }
    return UInt64(status.st_ino) != inode || UInt64(status.st_size) < position
  }
}
