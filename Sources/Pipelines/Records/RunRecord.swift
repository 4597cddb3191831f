internal import Climate
internal import Foundation
internal import Learning
internal import Streams

/// What a run has left in its folder, read back: its pipeline, where it stands, and what its logs say.
struct RunRecord {
  let directory: RunDirectory
  let state: RunState
  let description: PipelineDescription

  /// A log, and the node whose elements it has.
  struct Log {
    var node: String
    var url: URL
  }

  /// - Throws: `RunError` for a folder that is no run's, `ConfigurationError` where this version cannot read its pipeline.
  init(_ url: URL) throws {
    directory = RunDirectory(url)
    state = try RunState(of: directory)
    description = try PipelineDescription(contentsOf: directory.file("pipeline.yaml"))
  }

  /// The logs of elements of a type that are there, in the order of the file; one a node.
  func logs(of type: ElementType) -> [Log] {
    var logs: [Log] = []
    for sink in description.nodes {
      guard let log = sink.component as? any Logging, let from = sink.from, !logs.contains(where: { $0.node == from }),
        let origin = description.nodes.first(where: { $0.id == from }),
        Swift.type(of: origin.component).output == type
      else { continue }
      let url = directory.file(log.path)
      if FileManager.default.fileExists(atPath: url.path) { logs.append(Log(node: from, url: url)) }
    }
    return logs
  }

  /// Reads a log's elements, passing over lines that are damaged or of another version.
  /// - Parameter most: Of a longer log every second, third … line is read; nil for all. The last line always is.
  /// - Throws: `LogError` when it cannot be read.
  static func read<Line: Decodable>(_ log: Log, as type: Line.Type, most: Int? = nil, _ body: (Line) -> Void) throws {
    var lines = 0
    if most != nil { try each(of: log.url) { _ in lines += 1 } }
    let stride = max(1, most.map { (lines + $0 - 1) / $0 } ?? 1)
    let decoder = JSONDecoder.withInfinities
    var index = 0
    try each(of: log.url) { line in
      index += 1
      guard index % stride == 0 || index == lines else { return }
      if let element = try? decoder.decode(Line.self, from: Data(line.object.utf8)) { body(element) }
    }
  }

  private static func each(of url: URL, _ body: (JSONLine) -> Void) throws {
    try JSONLinesFollower.each(of: url) { line in
      if line.number % 1000 == 0 { try Interruption.check("Stopped.") }
      body(line)
    }
  }

  /// What a trainer's steps were, in order; each once, although a run that went on shows some of them again.
  func steps(_ log: Log, most: Int? = nil) throws -> [TrainingRecord] {
    var records: [TrainingRecord] = []
    try Self.read(log, as: TrainingRecord.self, most: most) { record in
      while let last = records.last, last.report.step >= record.report.step { records.removeLast() }
      records.append(record)
    }
    return records
  }

  /// The newest verdict on each checkpoint, in the order of the log; the last one with its curves.
  func verdicts(_ log: Log) throws -> [Verdict] {
    var verdicts: [Verdict] = []
    try Self.read(log, as: Verdict.self) { verdict in
      verdicts.removeAll { $0.checkpoint == verdict.checkpoint }
      verdicts.append(verdict)
    }
    if let last = verdicts.popLast() { verdicts.append(try VerdictCurves.complete(last, from: log.url)) }
    return verdicts
  }

  /// The newest summary of a rolling climate.
  func climate(_ log: Log) throws -> ClimateSnapshot? {
    var newest: ClimateSnapshot?
    try Self.read(log, as: ClimateSnapshot.self, most: 1) { newest = $0 }
    return newest
  }
}
