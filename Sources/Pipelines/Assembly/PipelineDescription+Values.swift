internal import Yams

extension PipelineDescription {
  /// One value of a pipeline file, under the keys that lead to it.
  struct Value: Equatable {
    /// As `--set` takes it: `stages.train.online-trainer.curriculum[1].steps`.
    var path: String
    var text: String
  }

  /// A key whose value is not the same in two files; nil where a file leaves it out.
  struct Difference: Equatable, Sendable {
    var path: String
    var before: String?
    var now: String?

    /// `stages.train.online-trainer.batch is 16, and was 32`.
    var words: String { "`\(path)` \(now.map { "is \($0)" } ?? "is left out"), and was \(before ?? "left out")" }
  }

  /// Every value that the file gives, overrides applied, in its order; an empty list or section as `[]` or `{}`.
  var values: [Value] {
    // The text was understood before: it is bounded, and its aliases are resolved.
    guard let root = try? Yams.compose(yaml: text, .basic) else { return [] }
    var values: [Value] = []
    func walk(_ node: Yams.Node, _ path: String) {
      switch node {
      case .scalar(let scalar): values.append(Value(path: path, text: scalar.string))
      case .mapping(let pairs):
        if pairs.isEmpty { values.append(Value(path: path, text: "{}")) }
        for (key, value) in pairs {
          let name = key.scalar?.string ?? "?"
          walk(value, path.isEmpty ? name : "\(path).\(name)")
        }
      case .sequence(let items):
        if items.isEmpty { values.append(Value(path: path, text: "[]")) }
        for (index, item) in items.enumerated() { walk(item, "\(path)[\(index)]") }
      case .alias: break
      }
    }
    walk(root, "")
    return values
  }

  /// What has changed since an earlier file, in the order of both.
  func differences(from earlier: PipelineDescription) -> [Difference] {
    let (old, new) = (earlier.values, values)
    let before = Dictionary(old.map { ($0.path, $0.text) }) { first, _ in first }
    let now = Dictionary(new.map { ($0.path, $0.text) }) { first, _ in first }
    let paths = new.map(\.path) + old.map(\.path).filter { now[$0] == nil }
    return paths.filter { before[$0] != now[$0] }.map {
      Difference(path: $0, before: before[$0], now: now[$0])
    }
  }
}
