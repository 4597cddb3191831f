internal import Foundation
internal import Trajectories
internal import Zarr

extension JSONValue {
  init(_ attribute: Attribute) {
    switch attribute {
    case .null: self = .null
    case .flag(let value): self = .bool(value)
    case .number(let value): self = .number(value)
    case .text(let value): self = .string(value)
    case .list(let values): self = .array(values.map { JSONValue($0) })
    case .object(let members): self = .object(members.mapValues { JSONValue($0) })
    }
  }
}

extension Attribute {
  init(_ value: JSONValue) {
    switch value {
    case .null: self = .null
    case .bool(let value): self = .flag(value)
    case .number(let value): self = .number(value)
    case .string(let value): self = .text(value)
    case .array(let values): self = .list(values.map { Attribute($0) })
    case .object(let members): self = .object(members.mapValues { Attribute($0) })
    }
  }

  /// Any value that is written as JSON.
  init(encoding value: some Encodable) throws {
    self = try JSONDecoder().decode(Attribute.self, from: JSONEncoder().encode(value))
  }

  /// The value that was written as this JSON.
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: JSONEncoder().encode(self))
  }
}
