internal import Disk
internal import Foundation
internal import Streams

/// A run of a sweep that is to be run, as a message. Its folder is on a disk that is shared.
struct SweepTask: Codable, Sendable, Equatable {
  static let version = 1
  var version = Self.version
  /// The pipeline file, overrides and the point's values applied.
  var pipeline: String
  /// SHA-256 of the pipeline file.
  var configuration: String
  /// The folder that relative paths of the pipeline start from.
  var folder: String
  /// The sweep's folder, the number of the run in it, and the SHA-256 of the sweep's plan there.
  var sweep: String
  var number: Int
  var plan: String

  /// - Throws: `WorkError` for what is no task of ours, or contradicts itself.
  static func read(_ bytes: [UInt8]) throws -> SweepTask {
    let task: SweepTask
    do { task = try JSONDecoder().decode(SweepTask.self, from: Data(bytes)) } catch {
      throw WorkError("a task that cannot be read: \(error)")
    }
    guard task.version == version else {
      throw WorkError("a task of version \(task.version); this program knows \(version): give all machines one version")
    }
    guard Fingerprint.of(task.pipeline) == task.configuration else {
      throw WorkError("a task whose pipeline is not the one that it names: its SHA-256 is another")
    }
    guard task.sweep.hasPrefix("/"), (1...1_000_000).contains(task.number) else {
      throw WorkError("a task for a run that there is none of")
    }
    return task
  }

  var message: [UInt8] { get throws { [UInt8](try JSONEncoder.withInfinities.encode(self)) } }
}

/// How a run of a sweep ended.
struct SweepAnswer: Codable, Sendable {
  var configuration: String
  var number: Int
  var worker: String
  /// Of the run's process.
  var code: Int32

  static func read(_ bytes: [UInt8], to task: SweepTask) throws -> SweepAnswer {
    let answer: SweepAnswer
    do { answer = try JSONDecoder().decode(SweepAnswer.self, from: Data(bytes)) } catch {
      throw WorkError("an answer that cannot be read: \(error)")
    }
    guard answer.configuration == task.configuration, answer.number == task.number else {
      throw WorkError("an answer to another question, from \(answer.worker)")
    }
    return answer
  }

  var message: [UInt8] { get throws { [UInt8](try JSONEncoder.withInfinities.encode(self)) } }
}
