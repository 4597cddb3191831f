/// A value that describes a system in a store or a checkpoint: what JSON has, and nothing more.
public enum Attribute: Sendable, Hashable {
  case null
  case flag(Bool)
  case number(Double)
  case text(String)
  case list([Attribute])
  case object([String: Attribute])

  public var number: Double? { if case .number(let value) = self { value } else { nil } }
  /// A number without a fraction that an Int can hold.
  public var integer: Int? { number.flatMap { Int(exactly: $0) } }
  public var text: String? { if case .text(let value) = self { value } else { nil } }
  public var flag: Bool? { if case .flag(let value) = self { value } else { nil } }
  public var list: [Attribute]? { if case .list(let value) = self { value } else { nil } }
  public var object: [String: Attribute]? { if case .object(let value) = self { value } else { nil } }
  /// A list of numbers; nil when anything in it is none.
  public var numbers: [Double]? {
    guard let list else { return nil }
    let numbers = list.compactMap(\.number)
    return numbers.count == list.count ? numbers : nil
  }

  /// A value of an object; nil for other values.
  public subscript(_ key: String) -> Attribute? { object?[key] }
}

extension Attribute: ExpressibleByStringLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral {
  public init(stringLiteral value: String) { self = .text(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(booleanLiteral value: Bool) { self = .flag(value) }
  public init(_ numbers: [Double]) { self = .list(numbers.map(Attribute.number)) }
}

extension Attribute: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .flag(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([Attribute].self) {
      self = .list(value)
    } else {
      self = .object(try container.decode([String: Attribute].self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .flag(let value): try container.encode(value)
    case .number(let value):
      // Whole numbers without a fraction, as people write them.
      if let whole = Int(exactly: value), abs(whole) < 1 << 53 {
        try container.encode(whole)
      } else {
        try container.encode(value)
      }
    case .text(let value): try container.encode(value)
    case .list(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}
