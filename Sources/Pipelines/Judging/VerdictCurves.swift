internal import Climate
internal import Foundation
internal import Streams
internal import Zarr

/// The curves of a verdict, which are most of it: kept in a log of their own, `verdicts.curves` beside `verdicts.jsonl`, whose
/// lines keep the numbers. Where a curve was, the line has an empty list.
struct VerdictCurves: Codable, Sendable {
  var checkpoint: String
  var step: Int
  var file: UInt64?
  /// Lists of numbers, by the JSON Pointer (RFC 6901) of their place in the verdict.
  var curves: [String: JSONValue]

  /// A list with more numbers than this is a curve.
  private static let mostNumbers = 8

  /// The log of the curves beside a log of verdicts.
  static func url(of log: URL) -> URL { log.deletingPathExtension().appendingPathExtension("curves") }

  /// A verdict without its curves, and these.
  /// - Throws: What the encoder throws.
  static func split(_ verdict: Verdict) throws -> (line: Line, curves: VerdictCurves) {
    let text = try JSONEncoder.withInfinities.encode(verdict)
    var curves: [String: JSONValue] = [:]
    let tree = try JSONDecoder.withInfinities.decode(JSONValue.self, from: text).replacingLists("") { place, list in
      guard list.count > mostNumbers, list.allSatisfy(\.isNumber) else { return nil }
      curves[place] = .array(list)
      return .array([])
    }
    return (
      Line(tree: tree, file: verdict.file),
      VerdictCurves(checkpoint: verdict.checkpoint, step: verdict.step, file: verdict.file, curves: curves)
    )
  }

  /// The verdict with its curves in their places.
  /// - Throws: What the decoder throws, where the curves are of another verdict.
  func joined(to verdict: Verdict) throws -> Verdict {
    let text = try JSONEncoder.withInfinities.encode(verdict)
    let tree = try JSONDecoder.withInfinities.decode(JSONValue.self, from: text).replacingLists("") { place, list in
      list.isEmpty ? curves[place] : nil
    }
    var whole = try JSONDecoder.withInfinities.decode(Verdict.self, from: JSONEncoder.withInfinities.encode(tree))
    whole.file = verdict.file
    return whole
  }

  /// The curves of a verdict from the log beside that of verdicts; the verdict as it is where there are none.
  /// - Throws: `LogError` when the log cannot be read.
  static func complete(_ verdict: Verdict, from log: URL) throws -> Verdict {
    let file = url(of: log)
    guard FileManager.default.fileExists(atPath: file.path) else { return verdict }
    var follower = JSONLinesFollower(file)
    let decoder = JSONDecoder.withInfinities
    var found: VerdictCurves?
    while case let items = try follower.read(), !items.isEmpty {
      // A line is long: only that of the checkpoint is decoded.
      for case .line(let line) in items where line.object.contains("\"step\":\(verdict.step)") {
        guard let curves = try? decoder.decode(VerdictCurves.self, from: Data(line.object.utf8)),
          curves.step == verdict.step, curves.checkpoint == verdict.checkpoint, curves.file == verdict.file
        else { continue }
        found = curves
      }
    }
    return (try? found?.joined(to: verdict)) ?? verdict
  }

  /// A verdict without its curves, as a log has it. The file's identity has more digits than a number of a tree.
  struct Line: Encodable, Sendable {
    var tree: JSONValue
    var file: UInt64?

    private struct Key: CodingKey {
      var stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    func encode(to encoder: any Encoder) throws {
      guard case .object(let members) = tree else { return }
      var container = encoder.container(keyedBy: Key.self)
      for (name, value) in members where name != "file" { try container.encode(value, forKey: Key(stringValue: name)) }
      try container.encodeIfPresent(file, forKey: Key(stringValue: "file"))
    }
  }
}

extension JSONValue {
  /// A number, also one that JSON cannot hold.
  fileprivate var isNumber: Bool {
    switch self {
    case .number, .string("NaN"), .string("Infinity"), .string("-Infinity"): true
    default: false
    }
  }

  /// The same with other values in the place of lists, where `body` gives one.
  /// - Parameter place: JSON Pointer of the value.
  fileprivate func replacingLists(_ place: String, _ body: (String, [JSONValue]) -> JSONValue?) -> JSONValue {
    switch self {
    case .array(let list):
      if let other = body(place, list) { return other }
      return .array(list.enumerated().map { $0.element.replacingLists("\(place)/\($0.offset)", body) })
    case .object(let members):
      return .object(
        Dictionary(
          uniqueKeysWithValues: members.map { name, value in
            let part = name.replacing("~", with: "~0").replacing("/", with: "~1")
            return (name, value.replacingLists("\(place)/\(part)", body))
          }))
    default: return self
    }
  }
}
