internal import Foundation
internal import Streams

/// What a worker says of itself, every few seconds.
struct WorkerPresence: Codable, Sendable, Equatable {
  enum State: String, Codable, Sendable { case idle, busy }

  var name: String
  var state: State
  /// The id of what it works at.
  var holds: String?
  /// Pieces of work that it has done since it was started, and seconds that it was busy with them.
  var done: Int
  var seconds: Double
  var arithmetic: String
  /// Why it leaves work to others, where it does.
  var refuses: String?

  /// It says so in five seconds; three times missed, it is lost.
  static let interval = Duration.seconds(5)
  static let lost = Duration.seconds(15)
  /// Whoever was lost for so long is forgotten.
  static let forgotten = Duration.seconds(3600)

  static func read(_ bytes: [UInt8]) -> WorkerPresence? {
    guard let presence = try? JSONDecoder().decode(WorkerPresence.self, from: Data(bytes)),
      presence.name.utf8.count <= 200, presence.holds?.utf8.count ?? 0 <= 200, presence.refuses?.utf8.count ?? 0 <= 2000
    else { return nil }
    return presence
  }

  var message: [UInt8] { (try? [UInt8](JSONEncoder.withInfinities.encode(self))) ?? [] }
}

/// A worker as a run sees it.
struct SeenWorker: Sendable, Equatable {
  var role: String
  var presence: WorkerPresence
  var isLost: Bool

  var words: String {
    if isLost { return "lost\(presence.holds.map { " with \($0)" } ?? "")" }
    if let refuses = presence.refuses, presence.state == .idle { return "idle: \(refuses)" }
    return presence.state == .busy ? "busy\(presence.holds.map { " with \($0)" } ?? "")" : "idle"
  }

  /// A row of the page's table of workers.
  var row: RunEvent.Row {
    var values: [RunEvent.Row.Value] = [.init("done", Double(presence.done))]
    if presence.done > 0 { values.append(.init("seconds each", presence.seconds / Double(presence.done))) }
    values.append(.init("alive", isLost ? 0 : 1))
    values.append(.init("busy", !isLost && presence.state == .busy ? 1 : 0))
    return .init(
      table: "Workers: \(role)", key: presence.name, values: values, words: "", brief: "",
      explanation: "\(presence.name) \(words); \(presence.arithmetic)")
  }
}
