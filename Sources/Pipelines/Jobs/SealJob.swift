public import Foundation
internal import Zarr

/// `holstream seal`: the chunks of a finished store gathered into shards.
public struct SealJob: Sendable {
  private let url: URL
  private let target: URL?
  private let isUndone: Bool

  /// - Parameters:
  ///   - target: Where the sealed store goes; in its own place when nil.
  ///   - isUndone: Unseal instead.
  public init(url: URL, target: URL?, isUndone: Bool = false) {
    self.url = url
    self.target = target
    self.isUndone = isUndone
  }

  /// - Returns: What was done, for the user.
  /// - Throws: `StoreError`; the store is then as it was.
  public func run(status: TerminalStatus = TerminalStatus()) throws -> String {
    let start = ContinuousClock.now
    defer { status.clear() }
    if isUndone { return try StoreSeal(undoing: url).description }
    return try StoreSeal(sealing: url, to: target) { done, total in
      try Interruption.check("Stopped; the store is as it was.")
      status.progress("sealing", done: done, of: total, since: start)
    }.description
  }
}
