internal import Foundation
internal import Settings

/// The runs of a sweep: every combination of the values of its keys, the last key going round fastest.
struct SweepPlan: Codable, Equatable, Sendable {
  /// One key and its values, as `--over path=a,b,c` gives them.
  struct Axis: Codable, Equatable, Sendable {
    var path: String
    var values: [String]
  }

  /// The pipeline file with the keys that all runs share, before those of the sweep are set.
  var pipeline: String
  var axes: [Axis]

  static let fileName = "sweep.json"

  /// - Throws: `ConfigurationError` for an axis without values, or a key that is given twice.
  init(pipeline: String, over: [String]) throws {
    self.pipeline = pipeline
    axes = try over.map { text in
      guard text.contains("=") else {
        throw RunError(.usage, "--over takes a key and its values, such as seed=1,2,3; got `\(text)`")
      }
      let override = try ConfigurationOverride(text)
      let values = Self.split(override.value)
      guard !values.contains(where: \.isEmpty) else {
        throw ConfigurationError(text, "expected values with commas between them, such as seed=1,2,3")
      }
      return Axis(path: override.path, values: values)
    }
    for (index, axis) in axes.enumerated() where axes[..<index].contains(where: { $0.path == axis.path }) {
      throw ConfigurationError(over[index], "the key is swept over already")
    }
  }

  /// The values of each run, by axis, in the order of their numbers from 1.
  var points: [[String]] {
    axes.reduce([[]]) { points, axis in points.flatMap { point in axis.values.map { point + [$0] } } }
  }

  /// What a run sets beyond the pipeline.
  func overrides(_ point: [String]) -> [String] { zip(axes, point).map { "\($0.path)=\($1)" } }

  /// Parts between commas that stand in no bracket and no quote: a value may be a list or a mapping itself.
  static func split(_ text: String) -> [String] {
    var parts = [""]
    var (depth, quote) = (0, nil as Character?)
    for character in text {
      if let open = quote {
        if character == open { quote = nil }
      } else {
        switch character {
        case "\"", "'": quote = character
        case "[", "{": depth += 1
        case "]", "}": depth -= 1
        case "," where depth == 0:
          parts.append("")
          continue
        default: break
        }
      }
      parts[parts.count - 1].append(character)
    }
    return parts.map { $0.trimmingCharacters(in: .whitespaces) }
  }
}
