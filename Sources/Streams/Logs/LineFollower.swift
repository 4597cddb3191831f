public import Foundation

/// Reads a growing text file line by line, as `tail -F` does: through renames, truncation and late creation.
///
/// A value to be polled: `readBytes()` gives the complete lines that have come since the last call. A line without its end
/// is kept until the end comes.
public struct LineFollower {
  public let url: URL
  /// How often the file was found to be another one or shorter than before.
  public private(set) var restarts = 0
  /// Bytes of the last line, without its end, that the file held when it was replaced: they are read by nobody.
  public private(set) var left = 0
  private var file: OpenFile?
  private var inode: UInt64 = 0
  private var position = 0
  private var partial: [UInt8] = []
  /// The last bytes before `position`, by which a file that was cut short and has grown again is known.
  private var mark: ArraySlice<UInt8> = []

  /// A line of so many bytes or more is cut here, so that a broken file cannot fill the memory: a reader must refuse it.
  public static let longestLine = 16 << 20
  private static let markLength = 64

  public init(_ url: URL) { self.url = url }

  /// The lines that were completed since the last call, without empty ones; at most about 1 MiB of them.
  /// - Throws: `LogError` when there is something that cannot be read as a file.
  public mutating func read() throws -> [String] {
    while case let bytes = try readBytes(), !bytes.isEmpty {
      let lines = bytes.withUnsafeBytes { bytes in
        var lines: [String] = []
        var place = 0
        while place < bytes.count {
          let end = bytes.place(of: 10, from: place) ?? bytes.count
          if end > place {
            lines.append(String(decoding: UnsafeRawBufferPointer(rebasing: bytes[place..<end]), as: UTF8.self))
          }
          place = end + 1
        }
        return lines
      }
      if !lines.isEmpty { return lines }
    }
    return []
  }

  /// The lines that were completed since the last call, each with its end; empty when there are none yet.
  /// - Throws: `LogError` when there is something that cannot be read as a file.
  public mutating func readBytes() throws -> [UInt8] {
    if file == nil { try open() }
    guard file != nil else { return [] }
    if hasOtherContent() {
      try restart()
      guard file != nil else { return [] }
    }
    var lines = try readAvailable()
    if lines.isEmpty, hasBeenReplaced() {
      // What was written between our last read and the rename is still in the old file.
      lines = try readAvailable()
      if !lines.isEmpty { return lines }
      try restart()
      lines = try readAvailable()
    }
    return lines
  }

  /// The last line of a file that nobody goes on with, which may lack its end; empty when it does not.
  public mutating func takeUnfinished() -> [UInt8] {
    defer { partial = [] }
    return partial
  }

  private mutating func restart() throws {
    file = nil
    left = partial.count
    partial = []
    mark = []
    restarts += 1
    try open()
  }

  private mutating func open() throws {
    guard let opened = try OpenFile(url) else { return }
    inode = UInt64(opened.status.st_ino)
    position = 0
    file = opened
  }

  private mutating func readAvailable() throws -> [UInt8] {
    guard let file else { return [] }
    // A line may be longer than what is read at once: empty must mean that there is nothing, not that it goes on.
    while true {
      let new: [UInt8]
      do { new = try file.read(most: 1 << 20) } catch {
        throw LogError(path: url.path, message: "cannot be read: \(String(cString: strerror(error.code)))")
      }
      guard !new.isEmpty else { return [] }
      position += new.count
      mark = new.count >= Self.markLength ? new.suffix(Self.markLength) : (mark + new).suffix(Self.markLength)
      let before = partial.count
      var bytes = partial
      partial = []
      if before == 0 { bytes = new } else { bytes.append(contentsOf: new) }
      guard let end = bytes.withUnsafeBytes({ $0.lastPlace(of: 10, from: before) }) else {
        // The end of a line that is too long is passed over, until the line's own end.
        if bytes.count > Self.longestLine { bytes.removeLast(bytes.count - Self.longestLine) }
        partial = bytes
        continue
      }
      partial = Array(bytes[(end + 1)...])
      bytes.removeLast(bytes.count - end - 1)
      if before == Self.longestLine, let first = bytes.withUnsafeBytes({ $0.place(of: 10, from: before) }) {
        bytes.removeSubrange(before..<first)
      }
      return bytes
    }
  }

  /// Whether the same file holds something else where we have been: it was cut short, and has grown beyond that place.
  private func hasOtherContent() -> Bool {
    guard let file, !mark.isEmpty else { return false }
    var now = [UInt8](repeating: 0, count: mark.count)
    guard file.read(into: &now, at: position - mark.count) == mark.count else { return false }
    return !mark.elementsEqual(now)
  }

  private func hasBeenReplaced() -> Bool {
    var status = stat()
    guard stat(url.path, &status) == 0 else { return false }
    return UInt64(status.st_ino) != inode || Int(status.st_size) < position
  }
}

/// A file that is open for reading as long as somebody holds this.
private final class OpenFile {
  private let descriptor: Int32
  let status: stat

  /// - Returns: Nil when there is none.
  /// - Throws: `LogError` for a file that cannot be opened, and for a folder, a pipe or a device.
  init?(_ url: URL) throws {
    // Without waiting, because opening a pipe waits for whoever writes into it.
    let descriptor = Foundation.open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      let code = errno
      if code == ENOENT || code == ENOTDIR { return nil }
      throw LogError(path: url.path, message: "cannot be opened: \(String(cString: strerror(code)))")
    }
    var status = stat()
    fstat(descriptor, &status)
    self.descriptor = descriptor
    self.status = status
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw LogError(path: url.path, message: "is no regular file; give one that another program appends to")
    }
  }

  deinit { close(descriptor) }

  struct Unreadable: Error { let code: Int32 }

  /// Reads on from where it has come to; empty at the end.
  func read(most: Int) throws(Unreadable) -> [UInt8] {
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
      var read = 0
      repeat { read = Foundation.read(descriptor, buffer.baseAddress, most) } while read < 0 && errno == EINTR
      if read < 0 { code = errno }
      count = max(0, read)
    }
    guard code == 0 else { throw Unreadable(code: code) }
    return bytes
  }

  func read(into bytes: inout [UInt8], at offset: Int) -> Int {
    bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress!, $0.count, offset) }
  }
}

extension UnsafeRawBufferPointer {
  /// The first place of a byte.
  package func place(of byte: UInt8, from start: Int = 0) -> Int? {
    guard let baseAddress, start < count, let found = memchr(baseAddress + start, Int32(byte), count - start) else {
      return nil
    }
    return UnsafeRawPointer(found) - baseAddress
  }

  /// The last place of a byte.
  package func lastPlace(of byte: UInt8, from start: Int = 0) -> Int? {
    var end = count
    while end > start {
      // Backwards by pieces, each forwards by the C library.
      let begin = Swift.max(start, end - 4096)
      let piece = UnsafeRawBufferPointer(rebasing: self[begin..<end])
      var last: Int?
      while let found = piece.place(of: byte, from: last.map { $0 - begin + 1 } ?? 0) { last = begin + found }
      if let last { return last }
      end = begin
    }
    return nil
  }
}
