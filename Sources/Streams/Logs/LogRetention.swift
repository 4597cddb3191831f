internal import Foundation

/// How much of a log is kept: its oldest files, which were rotated away, are deleted. Whole files only, and never the newest
/// of them, whose last number the log goes on from.
public enum LogRetention: Sendable, Equatable {
  /// The log with its older files has at most so many bytes.
  case bytes(Int)
  /// Files that were written to last so long ago are deleted.
  case age(Duration)

  /// A file is rotated early enough that several fit.
  func rotationSize(atMost size: Int) -> Int {
    guard case .bytes(let bytes) = self else { return size }
    return min(size, max(4096, bytes / 4))
  }

  /// Deletes what is not to be kept.
  /// - Parameters:
  ///   - log: The newest file, which may be missing.
  ///   - now: In seconds since 1970.
  func apply(to log: URL, now: Double) {
    let folder = log.deletingLastPathComponent()
    let prefix = log.lastPathComponent + "."
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let numbers = names.compactMap { $0.hasPrefix(prefix) ? Int($0.dropFirst(prefix.count)) : nil }.sorted()
    var older = numbers.map { (path: folder.appending(path: prefix + String($0)).path, status: stat()) }
    for index in older.indices { stat(older[index].path, &older[index].status) }
    var newest = stat()
    if stat(log.path, &newest) != 0 { newest.st_size = 0 }
    var total = Int(newest.st_size) + older.reduce(0) { $0 + Int($1.status.st_size) }
    for file in older.dropLast() {
      let isOver =
        switch self {
        case .bytes(let bytes): total > bytes
        case .age(let age): now - Double(file.status.st_mtim.tv_sec) > age / .seconds(1)
        }
      guard isOver else { return }
      unlink(file.path)
      total -= Int(file.status.st_size)
    }
  }
}
