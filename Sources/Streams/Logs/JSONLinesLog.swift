public import Foundation
internal import Synchronization

/// An append-only log of JSON lines that survives a kill at any instant.
///
/// One write call a line, to a file opened for appending. A line that a crash cut short is ended at the next opening, so
/// that it stays visible as one broken line and spoils no other. A file that has grown beyond a limit is renamed to
/// `<name>.<number of its first line>`, never truncated; numbers go on.
public final class JSONLinesLog: Sendable {
  private struct State {
    var descriptor: Int32
    var next: Int
    var first: Int
    var size: Int
    /// A write failed halfway: the next line must not be glued to its remains.
    var isBroken = false
  }
  public let url: URL
  private let rotationSize: Int
  private let state: Mutex<State>

  /// - Parameter rotationSize: The file is rotated when it has more bytes than this.
  /// - Throws: `LogError` when the file cannot be written.
  public init(_ url: URL, rotationSize: Int = 64 << 20) throws {
    self.url = url
    self.rotationSize = rotationSize
    var next = 0
    if let tail = try Self.lastLine(of: url) {
      next = tail + 1
    } else {
      next = Self.rotated(of: url).last.map { $0.last + 1 } ?? 0
    }
    state = try Mutex(Self.open(url, next: next))
    // A file that is rotated after reopening is named by its own first line, not by the first one written since.
    if let first = Self.firstLine(of: url) { state.withLock { $0.first = first } }
    try endBrokenLine()
  }

  deinit { _ = state.withLock { close($0.descriptor) } }

  /// Appends one object.
  /// - Throws: `LogError` when it cannot be written, and what the encoder throws.
  public func append(_ value: some Encodable & Sendable) throws {
    let object = String(decoding: try JSONEncoder.withInfinities.encode(value), as: UTF8.self)
    guard object.hasPrefix("{") else {
      throw LogError(path: url.path, message: "only objects can be logged, got \(object.prefix(40))")
    }
    try state.withLock { state in
      if state.size > rotationSize { try rotate(&state) }
      let bytes = Array(((state.isBroken ? "\n" : "") + JSONLine(number: state.next, object: object).text + "\n").utf8)
      let written = bytes.withUnsafeBytes { write(state.descriptor, $0.baseAddress, $0.count) }
      guard written == bytes.count else {
        state.isBroken = state.isBroken || written > 0
        throw Self.failure(url, "cannot be written")
      }
      state.isBroken = false
      state.next += 1
      state.size += bytes.count
    }
  }

  private func rotate(_ state: inout State) throws {
    // `link` refuses to replace a file, `rename` would silently: no older lines are ever lost to a clash of names.
    guard link(url.path, "\(url.path).\(state.first)") == 0, unlink(url.path) == 0 else {
      throw Self.failure(url, "cannot be rotated")
    }
    close(state.descriptor)
    state = try Self.open(url, next: state.next)
  }

  private func endBrokenLine() throws {
    try state.withLock { state in
      guard state.size > 0 else { return }
      let handle = try FileHandle(forReadingFrom: url)
      defer { try? handle.close() }
      try handle.seek(toOffset: UInt64(state.size - 1))
      if try handle.read(upToCount: 1) != Data([10]) { state.size += max(0, write(state.descriptor, "\n", 1)) }
    }
  }

  private static func open(_ url: URL, next: Int) throws -> State {
    let descriptor = Foundation.open(url.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw failure(url, "cannot be opened for appending") }
    return State(descriptor: descriptor, next: next, first: next, size: Int(lseek(descriptor, 0, SEEK_END)))
  }

  /// The number of the last sound line, found from the file's end backwards.
  private static func lastLine(of url: URL) throws -> Int? {
    guard let handle = try? FileHandle(forReadingFrom: url) else { return nil }
    defer { try? handle.close() }
    let end = try handle.seekToEnd()
    var window: UInt64 = 65536
    while true {
      let start = end > window ? end - window : 0
      try handle.seek(toOffset: start)
      let text = String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
      let number = text.split(separator: "\n").reversed().lazy.compactMap { try? JSONLine(parsing: String($0)).number }
        .first
      if number != nil || start == 0 || window > UInt64(LineFollower.longestLine) { return number }
      window *= 8
    }
  }

  private static func firstLine(of url: URL) -> Int? {
    var file = LineFollower(url)
    return (try? file.read())?.lazy.compactMap { try? JSONLine(parsing: $0).number }.first
  }

  /// Older files of a log, in order.
  static func rotated(of url: URL) -> [(url: URL, first: Int, last: Int)] {
    let folder = url.deletingLastPathComponent()
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.compactMap { name -> (URL, Int, Int)? in
      guard name.hasPrefix(url.lastPathComponent + "."),
        let first = Int(name.dropFirst(url.lastPathComponent.count + 1)), (0...JSONLine.largestNumber).contains(first)
      else { return nil }
      let file = folder.appending(path: name)
      return (file, first, (try? lastLine(of: file)) ?? first)
    }.sorted { $0.1 < $1.1 }.map { (url: $0.0, first: $0.1, last: $0.2) }
  }

  private static func failure(_ url: URL, _ what: String) -> LogError {
    LogError(path: url.path, message: "\(what): \(String(cString: strerror(errno)))")
  }
}
