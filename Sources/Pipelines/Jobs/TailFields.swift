internal import Climate
internal import Foundation
internal import Learning
internal import Streams
internal import Zarr

/// The fields of a log's line under the names that people know them by: those of the charts for a training step, of the
/// alerts for a climate or a verdict, and for any line the keys that lead to a value, joined by dots.
struct TailFields {
  typealias Field = (name: String, value: JSONValue)

  /// What a line says in short, in order: the names that are known first.
  let told: [Field]
  /// Everything by its keys.
  private let paths: [Field]

  init(_ object: String) {
    let data = Data(object.utf8)
    let decoder = JSONDecoder.withInfinities
    if let record = try? decoder.decode(TrainingRecord.self, from: data) {
      let first = ["loss", "loss on held-out data", "gradient norm", "learning rate", "steps per second"]
      let numbers = record.numbers
      let rest = numbers.keys.filter { !first.contains($0) }.sorted()
      told =
        [("step", .number(Double(record.report.step)))]
        + (first + rest).compactMap { name in numbers[name].map { (name, .number($0)) } }
    } else if let verdict = try? decoder.decode(Verdict.self, from: data) {
      told =
        [("checkpoint", .string(verdict.checkpoint)), ("step", .number(Double(verdict.step)))]
        + verdict.headline.sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) }
    } else if let climate = try? decoder.decode(ClimateSnapshot.self, from: data) {
      told =
        [("seen", .number(Double(climate.seen)))]
        + climate.numbers.sorted { $0.key < $1.key }.map { ($0.key, .number($0.value)) }
    } else {
      told = []
    }
    var paths: [Field] = []
    Self.walk((try? decoder.decode(JSONValue.self, from: data)) ?? .null, "", &paths)
    self.paths = paths
  }

  /// What is shown of a line of no known kind.
  var shown: [Field] { told.isEmpty ? paths : told }

  var names: [String] { told.map(\.name) + paths.map(\.name) }

  subscript(name: String) -> JSONValue? {
    told.first { $0.name == name }?.value ?? paths.first { $0.name == name }?.value
  }

  private static func walk(_ value: JSONValue, _ path: String, _ fields: inout [Field]) {
    switch value {
    case .object(let members):
      for key in members.keys.sorted() { walk(members[key]!, path.isEmpty ? key : "\(path).\(key)", &fields) }
    case .null: break
    default: fields.append((path, value))
    }
  }

  /// A value as people read it; of a list its length.
  static func words(_ value: JSONValue) -> String {
    switch value {
    case .number(let number):
      number == number.rounded() && abs(number) < 1e15 ? String(format: "%.0f", number) : String(format: "%.4g", number)
    case .string(let text): text
    case .bool(let flag): "\(flag)"
    case .array(let items): "[\(items.count)]"
    case .object(let members): "{\(members.count)}"
    case .null: "null"
    }
  }
}
