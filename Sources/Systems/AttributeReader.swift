internal import Trajectories

/// Reads what a store says of its system, and says which key is wrong.
struct AttributeReader {
  /// The key that lists the keys that say something of the system.
  static let list = "system_parameters"

  private let attributes: [String: Attribute]
  private let system: String

  /// - Throws: `SystemError` when the attributes are of another system, or say something that this one does not know.
  init(_ attributes: [String: Attribute], system: String, keys: Set<String>) throws(SystemError) {
    self.attributes = attributes
    self.system = system
    guard attributes["system"]?.text == system else {
      throw fail("system", "should be `\(system)`")
    }
    guard let listed = attributes[Self.list] else { return }
    guard let names = listed.list else { throw fail(Self.list, "should be a list of names") }
    for name in names {
      guard let name = name.text, keys.contains(name) else {
        throw fail(name.text ?? Self.list, "says something of the system that this program does not know")
      }
      guard attributes[name] != nil else { throw fail(name, "is missing") }
    }
  }

  /// The attributes with the list of their keys, and the system's word.
  static func complete(_ attributes: [String: Attribute], system: String) -> [String: Attribute] {
    var attributes = attributes
    attributes[list] = .list(attributes.keys.sorted().map(Attribute.text))
    attributes["system"] = .text(system)
    return attributes
  }

  func has(_ key: String) -> Bool { attributes[key].map { $0 != .null } ?? false }

  func number(_ key: String, in range: ClosedRange<Double>? = nil) throws(SystemError) -> Double {
    guard let number = try value(key).number, number.isFinite, range?.contains(number) ?? true else {
      throw fail(
        key, range.map { "should be a number from \($0.lowerBound) to \($0.upperBound)" } ?? "should be a number")
    }
    return number
  }

  func integer(_ key: String, in range: ClosedRange<Int>) throws(SystemError) -> Int {
    guard let number = try value(key).integer, range.contains(number) else {
      throw fail(key, "should be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func flag(_ key: String) throws(SystemError) -> Bool {
    guard let flag = try value(key).flag else { throw fail(key, "should be true or false") }
    return flag
  }

  /// A number for each of `count` elements.
  func numbers(_ key: String, count: Int) throws(SystemError) -> [Double] {
    guard let numbers = try value(key).numbers, numbers.count == count, numbers.allSatisfy(\.isFinite) else {
      throw fail(key, "should be a list of \(count) numbers")
    }
    return numbers
  }

  func choice<Choice: RawRepresentable & CaseIterable>(_ key: String) throws(SystemError) -> Choice
  where Choice.RawValue == String {
    guard let text = try value(key).text, let choice = Choice(rawValue: text) else {
      throw fail(key, "should be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return choice
  }

  func value(_ key: String) throws(SystemError) -> Attribute {
    guard let value = attributes[key] else { throw fail(key, "is missing") }
    return value
  }

  func fail(_ key: String, _ reason: String) -> SystemError {
    let found = attributes[key].map { value -> String in
      switch value {
      case .null: ", got null"
      case .flag(let flag): ", got \(flag)"
      case .number(let number): ", got \(number)"
      case .text(let text): ", got `\(text.prefix(80))`"
      case .list(let list): ", got a list of \(list.count)"
      case .object: ", got an object"
      }
    }
    return SystemError(
      .invalidAttribute, "the attribute `\(key)` of a system `\(system)` \(reason)\(found ?? "")",
      key: key.replacing("_", with: "-"))
  }
}
