public import Foundation
internal import Settings
internal import Streams
internal import Zarr

/// `holstream tail`: what logs say, and whether something in them is missing.
public struct TailJob: Sendable {
  private let places: [URL]
  private let follow: Bool
  private let lines: Int
  private let conditions: [TailCondition]
  private let fields: [String]
  private let json: Bool

  /// - Parameters:
  ///   - places: Logs (`.jsonl`), and folders of runs for all of their logs.
  ///   - follow: Whether to wait for more at the end.
  ///   - lines: How many of the last lines of each log are told, of those that the conditions hold for; all when 0.
  ///   - conditions: Such as `loss < 0.1`; all must hold.
  ///   - fields: What is told of a line; all that is known of it when empty.
  ///   - json: Tell lines as they are in the log; with `fields` an object of these.
  /// - Throws: `RunError` for what is no condition.
  public init(
    _ places: [URL], follow: Bool = false, lines: Int = 10, conditions: [String] = [], fields: [String] = [],
    json: Bool = false
  ) throws {
    self.places = places
    self.follow = follow
    self.lines = lines
    self.conditions = try conditions.map { try TailCondition($0) }
    self.fields = fields
    self.json = json
  }

  /// Says what the logs hold; at its end it fails where something in them is missing or was changed.
  ///
  /// What there is of several logs is told in the order of the steps where all of their lines have one, else log by log;
  /// what comes later as it comes.
  /// - Throws: `RunError` when there is no such log, when lines are missing from one or fail their checksum, and when no
  ///   line has a field that was asked for.
  public func run(_ print: @escaping @Sendable (String) -> Void) async throws {
    let files = try Self.logs(places)
    let width = files.map { Self.name($0, among: files).count }.max() ?? 0
    var followers = files.map { file in
      let name = Self.name(file, among: files)
      return (name: files.count > 1 ? name.padded(to: width) + "  " : "", log: JSONLinesFollower(file))
    }
    var losses = TailLosses()
    var asked = AskedFields(conditions.map(\.name) + fields)
    // What is there, of which the last lines are shown; gaps and defects are always shown.
    var told: [(log: Int, step: Double?, text: String)] = []
    for index in followers.indices {
      var last: [JSONLine] = []
      while case let items = try followers[index].log.read(), !items.isEmpty {
        for item in items {
          losses.count(item)
          guard case .line(let line) = item else {
            print(followers[index].name + TailLosses.text(item))
            continue
          }
          if holds(line, &asked) { last.append(line) }
        }
        if lines > 0 { last = Array(last.suffix(lines)) }
      }
      told += last.compactMap { line in text(of: line, &asked).map { (index, $0.step, $0.text) } }
    }
    if files.count > 1, told.allSatisfy({ $0.step != nil }) {
      told = told.enumerated().sorted { ($0.element.step!, $0.offset) < ($1.element.step!, $1.offset) }.map(\.element)
    }
    for line in told { print(followers[line.log].name + line.text) }
    guard follow else {
      try losses.check()
      return try asked.check()
    }
    let watch = DirectoryWatch(files[0].deletingLastPathComponent(), timer: .seconds(1), stop: Interruption.signal)
    let scans = watch.makeAsyncIterator()
    while !Task.isCancelled, !Interruption.isRequested {
      var isQuiet = true
      for index in followers.indices {
        for item in try followers[index].log.read() {
          losses.count(item)
          isQuiet = false
          if case .line(let line) = item {
            if holds(line, &asked), let told = text(of: line, &asked) { print(followers[index].name + told.text) }
          } else {
            print(followers[index].name + TailLosses.text(item))
          }
        }
      }
      // A log grows without being closed, which inotify does not report here: the slow timer finds it.
      if isQuiet { _ = await scans.next() }
    }
    try losses.check()
  }

  /// The logs of these places, in order.
  private static func logs(_ places: [URL]) throws -> [URL] {
    try places.flatMap { place -> [URL] in
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else {
        throw RunError(.badInput, "\(place.relativePath) does not exist; give a .jsonl log or the folder of a run")
      }
      guard isFolder.boolValue else { return [place] }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
      let logs = names.filter { $0.hasSuffix(".jsonl") }.sorted().map { place.appending(path: $0) }
      guard !logs.isEmpty else { throw RunError(.badInput, "\(place.relativePath) holds no .jsonl logs") }
      return logs
    }
  }

  /// What a log is called beside the others: with its folder where that is not the same for all.
  private static func name(_ file: URL, among files: [URL]) -> String {
    let folder = file.standardizedFileURL.deletingLastPathComponent()
    let isAlone = files.allSatisfy { $0.standardizedFileURL.deletingLastPathComponent().path == folder.path }
    return isAlone ? file.lastPathComponent : RunDirectory.shown(file.standardizedFileURL)
  }

  private func holds(_ line: JSONLine, _ asked: inout AskedFields) -> Bool {
    guard !conditions.isEmpty else { return true }
    let found = TailFields(line.object)
    asked.see(found)
    return conditions.allSatisfy { $0.holds(for: found) }
  }

  /// A line as it is told; nil where it has none of the fields that were asked for.
  private func text(of line: JSONLine, _ asked: inout AskedFields) -> (step: Double?, text: String)? {
    let found = TailFields(line.object)
    asked.see(found)
    var step: Double?
    if case .number(let number)? = found["step"] { step = number }
    if json, fields.isEmpty { return (step, line.object) }
    let chosen = fields.isEmpty ? found.shown : fields.compactMap { name in found[name].map { (name, $0) } }
    if chosen.isEmpty { return nil }
    if json { return (step, Self.object(chosen)) }
    return (step, chosen.map { "\($0.name) \(TailFields.words($0.value))" }.joined(separator: "  "))
  }

  private static func object(_ fields: [TailFields.Field]) -> String {
    let encoder = JSONEncoder.withInfinities
    func text(_ value: some Encodable) -> String {
      (try? String(decoding: encoder.encode(value), as: UTF8.self)) ?? "null"
    }
    return "{\(fields.map { "\(text($0.name)):\(text($0.value))" }.joined(separator: ","))}"
  }
}

/// Whether the fields that were asked for are in some line: one that is misspelt would hide every line, and say nothing.
private struct AskedFields {
  private var missing: [String]
  private var known: [String] = []

  init(_ names: [String]) { missing = names }

  mutating func see(_ fields: TailFields) {
    guard !missing.isEmpty else { return }
    missing.removeAll { fields[$0] != nil }
    if known.isEmpty || !missing.isEmpty { for name in fields.names where !known.contains(name) { known.append(name) } }
  }

  func check() throws {
    guard let name = missing.first, !known.isEmpty else { return }
    let meant = Spelling.suggestion(for: name, among: known).map { "; did you mean `\($0)`?" }
    throw RunError(
      .badInput, "no line has a field `\(name)`\(meant ?? "; there are \(known.prefix(12).joined(separator: ", "))")")
  }
}
