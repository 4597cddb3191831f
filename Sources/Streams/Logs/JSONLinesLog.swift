internal import Disk
public import Foundation
internal import Synchronization

/// An append-only log of JSON lines that survives a kill at any instant.
///
/// One write call a line, to a file opened for appending. A line that a crash cut short is ended at the next opening, so
/// that it stays visible as one broken line and spoils no other. A file that has grown beyond a limit is renamed to
/// `<name>.<number of its first line>`, never truncated; numbers go on. What was appended is brought to the disk by a thread
/// of its own, so that a loss of power takes the last seconds at most. A log that was removed or renamed is an error.
public final class JSONLinesLog: Sendable {
  private struct State {
    /// Nil between a rotation and the opening of the next file.
    var file: AppendedFile?
    var next: Int
    var first: Int
  }
  /// When lines are brought to the disk.
  public enum Synchronisation: Sendable {
    /// Some seconds after they were written, by a thread of its own.
    case soon
    /// Each before `append` returns.
    case everyLine
  }
  public let url: URL
  private let rotationSize: Int
  private let retention: LogRetention?
  private let synchronised: Synchronisation
  private let state: Mutex<State>

  /// - Parameters:
  ///   - rotationSize: The file is rotated when it has more bytes than this.
  ///   - retention: How much of what was rotated away is kept; everything when nil.
  /// - Throws: `LogError` when the file cannot be written.
  public init(
    _ url: URL, rotationSize: Int = 64 << 20, retention: LogRetention? = nil, synchronised: Synchronisation = .soon
  ) throws {
    self.url = url
    self.rotationSize = retention?.rotationSize(atMost: rotationSize) ?? rotationSize
    self.retention = retention
    self.synchronised = synchronised
    var next = 0
    if let tail = try Self.lastLine(of: url) {
      next = tail + 1
    } else {
      next = Self.rotated(of: url).last.map { $0.last + 1 } ?? 0
    }
    state = try Mutex(State(file: Self.open(url), next: next, first: next))
    // A file that is rotated after reopening is named by its own first line, not by the first one written since.
    if let first = Self.firstLine(of: url) { state.withLock { $0.first = first } }
    try endBrokenLine()
    retention?.apply(to: url, now: Date().timeIntervalSince1970)
  }

  /// Appends one object.
  /// - Throws: `LogError` when it cannot be written, after which the same object may be appended again; and what the encoder
  ///   throws.
  public func append(_ value: some Encodable & Sendable) throws {
    let object = String(decoding: try JSONEncoder.withInfinities.encode(value), as: UTF8.self)
    guard object.hasPrefix("{") else {
      throw LogError(path: url.path, message: "only objects can be logged, got \(object.prefix(40))")
    }
    try state.withLock { state in
      if let file = state.file, file.size > rotationSize { try rotate(&state) }
      let file: AppendedFile
      if let open = state.file {
        file = open
      } else {
        file = try Self.open(url)
        state.file = file
        state.first = state.next
      }
      do throws(DiskError) {
        // A line that another one follows, after it was cut short, must not be glued to that.
        try file.append(Array((JSONLine(number: state.next, object: object).text + "\n").utf8), separator: [10])
        state.next += 1
        if synchronised == .everyLine {
          file.synchronise()
          try file.check()
        }
      } catch { throw LogError(error) }
    }
  }

  private func rotate(_ state: inout State) throws {
    // `link` refuses to replace a file, `rename` would silently: no older lines are ever lost to a clash of names.
    let older = "\(url.path).\(state.first)"
    guard link(url.path, older) == 0 else { throw LogError(DiskError(url.path, cannotBe: "rotated", errno)) }
    guard unlink(url.path) == 0 else {
      let error = DiskError(url.path, cannotBe: "rotated", errno)
      unlink(older)
      throw LogError(error)
    }
    state.file = nil
    retention?.apply(to: url, now: Date().timeIntervalSince1970)
  }

  private func endBrokenLine() throws {
    try state.withLock { state in
      guard let file = state.file, file.size > 0 else { return }
      let handle = try FileHandle(forReadingFrom: url)
      defer { try? handle.close() }
      try handle.seek(toOffset: UInt64(file.size - 1))
      guard try handle.read(upToCount: 1) != Data([10]) else { return }
      do throws(DiskError) { try file.append([10]) } catch { throw LogError(error) }
    }
  }

  private static func open(_ url: URL) throws(LogError) -> AppendedFile {
    do throws(DiskError) { return try AppendedFile(url.path) } catch { throw LogError(error) }
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

  /// The files of a log that are there, the oldest first, the one that is written last.
  public static func files(of url: URL) -> [URL] {
    rotated(of: url).map(\.url) + (FileManager.default.fileExists(atPath: url.path) ? [url] : [])
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
}
