internal import Foundation
internal import Synchronization

/// Files that an evaluation reads and that must not be retired meanwhile.
final class Leases: Sendable {
  static let shared = Leases()
  private let counts = Mutex<[URL: Int]>([:])

  /// Holds a file while `body` runs.
  func holding<Result>(_ url: URL, _ body: () async throws -> Result) async rethrows -> Result {
    counts.withLock { $0[url, default: 0] += 1 }
    defer { counts.withLock { if $0[url] == 1 { $0[url] = nil } else { $0[url]! -= 1 } } }
    return try await body()
  }

  /// Does something to a file unless it is held; nobody can take it meanwhile.
  func unlessHeld(_ url: URL, _ body: () -> Void) {
    counts.withLock { if $0[url] == nil { body() } }
  }
}
