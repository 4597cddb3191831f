internal import Foundation

/// Parses the header of a safetensors file, and nothing more general: an object of tensors and one of strings.
///
/// Unlike a general JSON reader it refuses keys that occur twice, and numbers that are not plain integers.
struct SafetensorsHeader {
  struct Entry {
    var name: String
    var type: String
    var shape: [Int]
    var begin: Int
    var end: Int
  }

  struct Malformed: Error { let reason: String }

  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]

  private let bytes: [UInt8]
  private var at = 0

  init(_ data: Data) throws {
    guard String(validating: data, as: UTF8.self) != nil else { throw Malformed(reason: "its header is not UTF-8") }
    bytes = [UInt8](data)
    var names: Set<String> = []
    try object { parser, key in
      guard names.insert(key).inserted else { throw Malformed(reason: "“\(key)” occurs twice in its header") }
      if key == "__metadata__" { try parser.parseMetadata() } else { try parser.parseEntry(key) }
    }
    skipSpace()
    guard at == bytes.count else { throw Malformed(reason: "its header goes on after the closing brace") }
  }

  private mutating func parseMetadata() throws {
    try object { parser, key in
      let value = try parser.string()
      guard parser.metadata.updateValue(value, forKey: key) == nil else {
        throw Malformed(reason: "metadata “\(key)” occurs twice")
      }
    }
  }

  private mutating func parseEntry(_ name: String) throws {
    var type: String?
    var shape: [Int]?
    var offsets: [Int]?
    try object { parser, key in
      switch key {
      case "dtype" where type == nil: type = try parser.string()
      case "shape" where shape == nil: shape = try parser.integers()
      case "data_offsets" where offsets == nil: offsets = try parser.integers()
      default: throw Malformed(reason: "tensor “\(name)” has an unknown or repeated field “\(key)”")
      }
    }
    guard let type, let shape, let offsets, offsets.count == 2 else {
      throw Malformed(reason: "tensor “\(name)” lacks dtype, shape or two data_offsets")
    }
    entries.append(Entry(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1]))
  }

  // MARK: The grammar

  private func malformed(_ expected: String) -> Malformed {
    Malformed(reason: "its header lacks \(expected) at byte \(at)")
  }

  private mutating func skipSpace() {
    while at < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[at]) { at += 1 }
  }

  private mutating func accept(_ character: Character) -> Bool {
    skipSpace()
    guard at < bytes.count, bytes[at] == character.asciiValue else { return false }
    at += 1
    return true
  }

  private mutating func expect(_ character: Character) throws {
    guard accept(character) else { throw malformed("“\(character)”") }
  }

  private mutating func object(_ member: (inout SafetensorsHeader, String) throws -> Void) throws {
    try expect("{")
    if accept("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try member(&self, key)
    } while accept(",")
    try expect("}")
  }

  private mutating func integers() throws -> [Int] {
    try expect("[")
    var values: [Int] = []
    if accept("]") { return values }
    repeat {
      skipSpace()
      let start = at
      while at < bytes.count, (0x30...0x39).contains(bytes[at]) { at += 1 }
      guard let value = Int(String(decoding: bytes[start..<at], as: UTF8.self)), at - start == 1 || bytes[start] != 0x30
      else { throw malformed("a whole number") }
      values.append(value)
    } while accept(",")
    try expect("]")
    return values
  }

  private mutating func string() throws -> String {
    try expect("\"")
    let start = at - 1
    while at < bytes.count, bytes[at] != 0x22 {
      guard bytes[at] >= 0x20 else { throw malformed("a string without control characters") }
      at += bytes[at] == 0x5C ? 2 : 1
    }
    guard at < bytes.count else { throw malformed("the end of a string") }
    at += 1
    let quoted = bytes[start..<at]
    guard quoted.contains(0x5C) else { return String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self) }
    // Escapes are rare; Foundation knows them all.
    guard let value = try? JSONSerialization.jsonObject(with: Data(quoted), options: .fragmentsAllowed) as? String
    else {
      throw malformed("a string with valid escapes")
    }
    return value
  }
}
