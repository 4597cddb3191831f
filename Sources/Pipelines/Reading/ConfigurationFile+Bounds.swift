internal import Foundation
internal import Settings
internal import Yams

/// What a file may cost before anybody has understood it. A few lines of YAML can stand for billions of values, and the
/// parser compares keys by everything that is in them: so the text is bounded before it is parsed, and the tree after.
extension ConfigurationFile {
  /// No pipeline needs more.
  static let mostBytes = 1 << 18
  static let mostValues = 10_000
  static let mostLevels = 64

  /// Parses text whose cost is bounded.
  /// - Returns: Nil for text without a value.
  /// - Throws: `YamlError`, or `ConfigurationError` for text that is too long or too deep, or stands for too much.
  static func compose(_ text: String, file: String) throws -> Node? {
    func problem(_ message: String) -> ConfigurationError {
      ConfigurationError([ConfigurationProblem(file: file, path: "", message: message)])
    }
    guard text.utf8.count <= mostBytes else { throw problem("is larger than 256 KiB, which no pipeline needs") }
    let (values, aliases) = mostOf(text)
    guard values <= mostValues else { throw problem("holds more than 10 000 values") }
    // A chain of n aliases stands for 3^(n/3) copies of what is first in it at most.
    guard Double(values) * pow(3, Double(aliases) / 3) <= 4e6 else {
      throw problem("has \(aliases) aliases (`*name`), which could stand for billions of values; write the values out")
    }
    // Without rules for what looks like a number or a date: all values are text until somebody reads them.
    guard let node = try Yams.compose(yaml: text, .basic) else { return nil }
    var budget = mostValues
    switch fits(node, within: &budget, levels: mostLevels) {
    case .tooDeep: throw problem("is nested more than \(mostLevels) levels deep")
    case .tooMany: throw problem("holds more than 10 000 values once its aliases are followed")
    case .fitting: return node
    }
  }

  /// No fewer values and aliases than the text has, whatever its quotes and comments are taken for.
  private static func mostOf(_ text: String) -> (values: Int, aliases: Int) {
    var (values, aliases) = (1, 0)
    var previous: UInt8 = 10
    for byte in text.utf8 {
      switch previous {
      case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "{"): values += 1
      case UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "?"): if byte <= 32 { values += 1 }
      case UInt8(ascii: "*"): if byte > 32, !"*.,]}\"'/:".utf8.contains(byte) { aliases += 1 }
      default: break
      }
      previous = byte
    }
    return (values, aliases)
  }

  private enum Size { case fitting, tooDeep, tooMany }

  private static func fits(_ node: Node, within budget: inout Int, levels: Int) -> Size {
    budget -= 1
    guard budget >= 0 else { return .tooMany }
    guard levels > 0 else { return .tooDeep }
    let inner: [Node]
    switch node {
    case .mapping(let mapping): inner = mapping.flatMap { [$0.key, $0.value] }
    case .sequence(let items): inner = Array(items)
    case .scalar, .alias: return .fitting
    }
    for node in inner {
      let size = fits(node, within: &budget, levels: levels - 1)
      if size != .fitting { return size }
    }
    return .fitting
  }
}
