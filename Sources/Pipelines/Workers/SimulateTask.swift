internal import Disk
internal import Foundation
internal import Streams

/// An ensemble that is to be simulated, as a message.
struct SimulateTask: Codable, Sendable, Equatable {
  static let version = 1
  var version = Self.version
  /// The source.
  var node: String
  /// The pipeline file, overrides applied.
  var pipeline: String
  /// SHA-256 of the pipeline file.
  var configuration: String
  /// Number of the ensemble, and the frame that is wanted first.
  var ensemble: Int
  var first: Int
  /// Frames that may be sent before the run has taken earlier ones.
  var window: Int
  /// Whose bits are wanted.
  var arithmetic: String

  /// - Throws: `WorkError` for what is no task of ours, or contradicts itself.
  static func read(_ bytes: [UInt8]) throws -> SimulateTask {
    let task: SimulateTask
    do { task = try JSONDecoder().decode(SimulateTask.self, from: Data(bytes)) } catch {
      throw WorkError("a task that cannot be read: \(error)")
    }
    guard task.version == version else {
      throw WorkError("a task of version \(task.version); this program knows \(version): give all machines one version")
    }
    guard Fingerprint.of(task.pipeline) == task.configuration else {
      throw WorkError("a task whose pipeline is not the one that it names: its SHA-256 is another")
    }
    guard (0...1 << 40).contains(task.ensemble), (0...1 << 40).contains(task.first), (1...1 << 40).contains(task.window)
    else { throw WorkError("a task for frames that there are none of") }
    return task
  }

  var message: [UInt8] { get throws { [UInt8](try JSONEncoder.withInfinities.encode(self)) } }
}
