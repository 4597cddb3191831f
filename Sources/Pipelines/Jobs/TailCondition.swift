internal import Foundation
internal import Zarr

/// A condition on a log's lines: `loss < 0.1`, `checkpoint = step-00000500`.
struct TailCondition: Sendable {
  private enum Comparison: String, CaseIterable {
    // Those of two characters first: they begin with others.
    case atMost = "<="
    case atLeast = ">="
    case equal = "=="
    case unequal = "!="
    case below = "<"
    case above = ">"
    case same = "="
  }

  let name: String
  private let comparison: Comparison
  private let text: String
  private let number: Double?

  /// - Throws: `RunError` for what is no condition.
  init(_ condition: String) throws {
    let found = Comparison.allCases.compactMap { comparison in
      condition.range(of: comparison.rawValue).map { (comparison, $0) }
    }
    guard let (comparison, range) = found.min(by: { $0.1.lowerBound < $1.1.lowerBound }) else {
      throw Self.malformed(condition)
    }
    self.comparison = comparison
    name = condition[..<range.lowerBound].trimmingCharacters(in: .whitespaces)
    text = condition[range.upperBound...].trimmingCharacters(in: .whitespaces)
    number = Double(text)
    let isOrdered = ![Comparison.equal, .unequal, .same].contains(comparison)
    guard !name.isEmpty, !text.isEmpty, number != nil || !isOrdered else { throw Self.malformed(condition) }
  }

  private static func malformed(_ condition: String) -> RunError {
    RunError(
      .usage, "--where takes `field < number` (or <=, >, >=, =, !=), such as 'loss < 0.1'; got `\(condition)`")
  }

  /// Whether a line has the field and it is so. NaN is neither below nor above anything, and equal to `nan`.
  func holds(for fields: TailFields) -> Bool {
    switch fields[name] {
    case nil, .array?, .object?, .null?: return false
    case .bool(let value)?: return isSame("\(value)")
    case .string(let value)?: return isSame(value)
    case .number(let value)?:
      guard let number else { return comparison == .unequal }
      let isEqual = value == number || value.isNaN && number.isNaN
      switch comparison {
      case .below: return value < number
      case .above: return value > number
      case .atMost: return value <= number
      case .atLeast: return value >= number
      case .equal, .same: return isEqual
      case .unequal: return !isEqual
      }
    }
  }

  private func isSame(_ value: String) -> Bool {
    switch comparison {
    case .equal, .same: value == text
    case .unequal: value != text
    default: false
    }
  }
}
