public import Foundation
internal import Streams

/// `holstream tail`: follows a log and says when something in it is missing.
public struct TailJob: Sendable {
  private let url: URL
  private let follow: Bool
  private let lines: Int

  public init(url: URL, follow: Bool, lines: Int) {
    self.url = url
    self.follow = follow
    self.lines = lines
  }

  /// Says what the logs hold; at its end it fails where something in them is missing or was changed.
  /// - Throws: `RunError` when there is no such log, and when lines are missing from one or fail their checksum.
  public func run(_ print: @escaping @Sendable (String) -> Void) async throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
      throw RunError(.badInput, "\(url.relativePath) does not exist; give a .jsonl log or the folder of a run")
    }
    let files =
      isFolder.boolValue
      ? ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).filter { $0.hasSuffix(".jsonl") }
        .sorted().map { url.appending(path: $0) } : [url]
    guard !files.isEmpty else { throw RunError(.badInput, "\(url.relativePath) holds no .jsonl logs") }
    var followers = files.map { (name: files.count > 1 ? $0.lastPathComponent + " " : "", log: JSONLinesFollower($0)) }
    // What is there, of which the last lines are shown; gaps and defects are always shown.
    var losses = Losses()
    for index in followers.indices {
      var shown: [String] = []
      var warnings: [String] = []
      while case let items = try followers[index].log.read(), !items.isEmpty {
        for item in items {
          losses.count(item)
          if case .line(let line) = item { shown.append(line.object) } else { warnings.append(Self.text(item)) }
        }
        if lines > 0 { shown = Array(shown.suffix(lines)) }
      }
      for text in warnings + shown { print(followers[index].name + text) }
    }
    guard follow else { return try losses.check() }
    let watch = DirectoryWatch(files[0].deletingLastPathComponent(), timer: .seconds(1))
    let scans = watch.makeAsyncIterator()
    while !Task.isCancelled {
      var isQuiet = true
      for index in followers.indices {
        for item in try followers[index].log.read() {
          losses.count(item)
          print(followers[index].name + Self.text(item))
          isQuiet = false
        }
      }
      // A log grows without being closed, which inotify does not report here: the slow timer finds it.
      if isQuiet { _ = await scans.next() }
    }
    try losses.check()
  }

  /// What the logs lack. A line that a kill cut short lacks nothing: its number is the next line's.
  private struct Losses {
    var missing = 0
    var changed = 0

    mutating func count(_ item: JSONLinesFollower.Item) {
      switch item {
      case .line, .defect(.notALogLine, _): break
      case .gap(let after, let before): missing += max(1, before - after - 1)
      case .defect(.wrongChecksum, _): changed += 1
      }
    }

    func check() throws {
      guard missing + changed > 0 else { return }
      throw RunError(
        .badInput,
        "the log is not whole: \(missing) lines are missing, \(changed) fail their checksum; the places are marked with !!"
      )
    }
  }

  private static func text(_ item: JSONLinesFollower.Item) -> String {
    switch item {
    case .line(let line): line.object
    case .gap(let after, let before): "!! lines \(after + 1) to \(before - 1) are missing"
    case .defect(let defect, let text): "!! a line \(defect): \(text.prefix(200))"
    }
  }
}
