/// One line of a log: a JSON object whose first member is its number and whose last is its checksum.
///
/// `{"seq":12,"step":600,"loss":0.013,"crc":"1c9e2f07"}`: the checksum (CRC-32C) is over everything before `,"crc"`, so
/// that a follower can prove that it lost nothing, and any JSON-lines reader can read the rest.
public struct JSONLine: Sendable, Equatable {
  public var number: Int
  /// The members between number and checksum, as JSON text of an object.
  public var object: String

  /// No log comes so far; a number beyond it is not ours, and must not be counted on from.
  static let largestNumber = 1 << 53

  init(number: Int, object: String) {
    self.number = number
    self.object = object
  }

  /// The line without its end.
  var text: String {
    let members = object.dropFirst().dropLast()
    let head = "{\"seq\":\(number)" + (members.isEmpty ? "" : "," + members)
    return head + ",\"crc\":\"\(CRC32C.hex(head.utf8))\"}"
  }

  public enum Defect: Error, Sendable, Equatable, CustomStringConvertible {
    case notALogLine, wrongChecksum
    public var description: String {
      switch self {
      case .notALogLine: "is not a line of a Holstream log"
      case .wrongChecksum: "fails its checksum"
      }
    }
  }

  /// - Throws: `Defect`.
  public init(parsing text: String) throws(Defect) {
    let tail = ",\"crc\":\"00000000\"}".utf8.count
    guard text.utf8.count > tail, text.hasPrefix("{\"seq\":"), text.hasSuffix("\"}") else { throw .notALogLine }
    let head = text.utf8.dropLast(tail)
    guard String(text.utf8.suffix(tail))?.hasPrefix(",\"crc\":\"") ?? false else { throw .notALogLine }
    guard Array(text.utf8.suffix(10).prefix(8)) == Array(CRC32C.hex(head).utf8) else { throw .wrongChecksum }
    let digits = head.dropFirst(7).prefix { $0 >= 48 && $0 <= 57 }
    guard let number = Int(String(digits) ?? ""), number <= Self.largestNumber else { throw .notALogLine }
    self.number = number
    let rest = head.dropFirst(7 + digits.count).drop { $0 == UInt8(ascii: ",") }
    object = "{" + (String(rest) ?? "") + "}"
  }
}
