internal import Foundation
internal import Synchronization

/// Files that an evaluation reads and that must not be retired meanwhile.
final class Leases: Sendable {
  static let shared = Leases()
  private let counts = Mutex<[URL: Int]>([:])

  /// Holds a file while `body` runs.
  func holding<Result>(_ url: URL, _ body: () async throws -> Result) async rethrows -> Result {
    hold(url)
    defer { letGo(url) }
    return try await body()
  }

  /// Holds a file until it is let go as often.
  func hold(_ url: URL) { counts.withLock { $0[url, default: 0] += 1 } }

  func letGo(_ url: URL) {
    counts.withLock { counts in
      guard let count = counts[url] else { return }
      counts[url] = count == 1 ? nil : count - 1
    }
  }

  /// Does something to a file unless it is held; nobody can take it meanwhile.
  func unlessHeld(_ url: URL, _ body: () -> Void) {
    counts.withLock { if $0[url] == nil { body() } }
  }
}
