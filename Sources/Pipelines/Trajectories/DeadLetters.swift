internal import Foundation
internal import Streams
internal import Synchronization
internal import Trajectories

/// Frames that broke a law of their system: kept with the reason, never sent on.
final class DeadLetters: Sendable {
  private struct Letter: Codable, Sendable {
    var trajectory: Int
    var frame: Int
    var time: Double
    var reason: String
    /// By field; numbers that are not finite as null, and large fields left out.
    var fields: [String: [Double?]]
  }

  /// A field with more numbers than this is left out of a letter.
  private static let mostNumbers = 1024
  private let url: URL
  private let patience: DiskPatience
  private let log = Mutex<JSONLinesLog?>(nil)

  init(_ url: URL, _ patience: DiskPatience) {
    self.url = url
    self.patience = patience
  }

  /// Holds its thread up while there is no space.
  /// - Throws: `LogError` when it cannot be written.
  func add(_ frame: Frame, reason: String) throws {
    let layout = frame.state.layout
    let pairs = layout.fields.filter { $0.count <= Self.mostNumbers }.map { field in
      (field.name, frame.state[field.name].map { $0.isFinite ? $0 : nil })
    }
    let letter = Letter(
      trajectory: frame.trajectory, frame: frame.index, time: frame.time, reason: reason,
      fields: Dictionary(uniqueKeysWithValues: pairs))
    try log.withLock { log in
      _ = try patience.blocking(url.lastPathComponent) {
        if log == nil { log = try JSONLinesLog(url) }
        try log!.append(letter)
      }
    }
  }
}
