internal import Climate
internal import Disk
internal import Foundation
internal import Streams
internal import Tensors

/// A checkpoint that is to be judged, as a message: what to judge by, and where to find the file.
struct JudgeTask: Codable, Sendable, Equatable {
  /// A checkpoint by reference.
  struct Reference: Codable, Sendable, Equatable {
    /// `step-00000500.safetensors`.
    var name: String
    var step: Int
    /// Where it is on a disk that may be shared.
    var path: String
    /// Where the trainer's page has it; nil where there is none.
    var address: String?
    var bytes: Int
    var sha256: String
  }

  static let version = 1
  var version = Self.version
  /// The verdict stage.
  var stage: String
  /// The pipeline file, overrides applied.
  var pipeline: String
  /// SHA-256 of the pipeline file.
  var configuration: String
  /// The folder that relative paths of the pipeline start from.
  var folder: String
  var checkpoint: Reference
  /// Whose bits are wanted.
  var arithmetic: String

  /// - Throws: `WorkError` for what is no task of ours, or contradicts itself.
  static func read(_ bytes: [UInt8]) throws -> JudgeTask {
    let task: JudgeTask
    do { task = try JSONDecoder().decode(JudgeTask.self, from: Data(bytes)) } catch {
      throw WorkError("a task that cannot be read: \(error)")
    }
    guard task.version == version else {
      throw WorkError("a task of version \(task.version); this program knows \(version): give all machines one version")
    }
    guard Fingerprint.of(task.pipeline) == task.configuration else {
      throw WorkError("a task whose pipeline is not the one that it names: its SHA-256 is another")
    }
    let reference = task.checkpoint
    guard !reference.name.isEmpty, !reference.name.contains("/"), !reference.name.hasPrefix("."),
      (0...CheckpointBytes.most).contains(reference.bytes), reference.sha256.count == 64
    else { throw WorkError("a task whose checkpoint is none") }
    return task
  }

  var message: [UInt8] { get throws { [UInt8](try JSONEncoder.withInfinities.encode(self)) } }
}

/// How large checkpoints may be that a worker fetches.
enum CheckpointBytes {
  static let most = 16 << 30
}

/// What came of a task.
struct JudgeAnswer: Codable, Sendable {
  struct Failure: Codable, Sendable, Equatable {
    enum Kind: String, Codable, Sendable {
      /// The file is what was announced, and is no checkpoint that can be read.
      case checkpoint
      /// There is no truth to judge by.
      case truth
    }
    var kind: Kind
    var words: String
  }

  /// Of the task.
  var configuration: String
  var sha256: String
  var stage: String
  /// What computed it.
  var arithmetic: String
  var worker: String
  var verdict: Verdict?
  var failure: Failure?

  /// - Throws: `WorkError` for what is no answer to the task.
  static func read(_ bytes: [UInt8], to task: JudgeTask) throws -> JudgeAnswer {
    let answer: JudgeAnswer
    do { answer = try JSONDecoder.withInfinities.decode(JudgeAnswer.self, from: Data(bytes)) } catch {
      throw WorkError("an answer that cannot be read: \(error)")
    }
    guard answer.configuration == task.configuration, answer.sha256 == task.checkpoint.sha256,
      answer.stage == task.stage, answer.arithmetic == task.arithmetic
    else { throw WorkError("an answer to another question, from \(answer.worker)") }
    guard (answer.verdict != nil) != (answer.failure != nil) else {
      throw WorkError("an answer without a verdict, from \(answer.worker)")
    }
    if let verdict = answer.verdict {
      let name = URL(filePath: task.checkpoint.name).deletingPathExtension().lastPathComponent
      guard verdict.step == task.checkpoint.step, verdict.checkpoint == name else {
        throw WorkError("a verdict on another checkpoint, from \(answer.worker)")
      }
    }
    return answer
  }

  var message: [UInt8] { get throws { [UInt8](try JSONEncoder.withInfinities.encode(self)) } }
}

/// A message that nobody of ours wrote.
struct WorkError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
