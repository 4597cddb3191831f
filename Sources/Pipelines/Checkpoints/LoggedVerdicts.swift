internal import Climate
internal import Foundation
internal import Streams

/// The verdicts of one stage that are in a log: what a resumed run need not write again.
struct LoggedVerdicts: Sendable {
  /// What a line is about. Lines of earlier versions do not know the file.
  private struct Subject: Hashable, Codable {
    var step: Int
    var file: UInt64?
  }

  private let url: URL?
  private var subjects: Set<Subject> = []

  /// Of a log that is new.
  init() { url = nil }

  /// - Throws: Foundation's error when the log is there and cannot be read.
  init(_ url: URL) throws {
    self.url = url
    try JSONLinesFollower.each(of: url) { line in
      if let subject = try? JSONDecoder().decode(Subject.self, from: Data(line.object.utf8)) {
        subjects.insert(subject)
      }
    }
  }

  func contains(step: Int, file: UInt64?) -> Bool {
    subjects.contains(Subject(step: step, file: file)) || subjects.contains(Subject(step: step))
  }

  /// - Returns: Whether it was not there before.
  mutating func insert(step: Int, file: UInt64?) -> Bool {
    guard !contains(step: step, file: file) else { return false }
    // Nothing tells two verdicts apart without a file: each is one of its own.
    if file != nil { subjects.insert(Subject(step: step, file: file)) }
    return true
  }

  /// The verdict itself; nil where there is none, or its line is of another version.
  func verdict(step: Int, file: UInt64?) throws -> Verdict? {
    guard let url, contains(step: step, file: file) else { return nil }
    let decoder = JSONDecoder.withInfinities
    var found: Verdict?
    try JSONLinesFollower.each(of: url) { line in
      let bytes = Data(line.object.utf8)
      guard let subject = try? JSONDecoder().decode(Subject.self, from: bytes), subject.step == step,
        subject.file == nil || subject.file == file
      else { return }
      found = (try? decoder.decode(Verdict.self, from: bytes)) ?? found
    }
    return found
  }
}
