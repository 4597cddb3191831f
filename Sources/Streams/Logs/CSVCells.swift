/// The cells of one line of a CSV file, one after the other, as RFC 4180 has them: a cell in quotation marks may hold
/// commas, and two quotation marks for one. White space around a cell does not count.
public struct CSVCells {
  public enum Problem: Error, Sendable, Equatable, CustomStringConvertible {
    case unclosed, textAfterQuote
    public var description: String {
      switch self {
      case .unclosed: "has a quotation mark that is not closed; a cell must not hold the end of a line"
      case .textAfterQuote: "goes on behind a closing quotation mark; a quotation mark in a cell is written twice"
      }
    }
  }

  private let line: UnsafeRawBufferPointer
  private var place = 0
  private var isAtEnd = false

  /// - Parameter line: Without its end; it must outlive the cells.
  public init(_ line: UnsafeRawBufferPointer) { self.line = line }

  /// The bytes of the next cell; nil behind the last one. Of a quoted cell what is between the marks.
  /// - Throws: `Problem` for quotation marks that do not go together.
  public mutating func next() throws(Problem) -> UnsafeRawBufferPointer? {
    guard !isAtEnd else { return nil }
    skipSpace()
    guard place < line.count, line[place] == UInt8(ascii: "\"") else {
      var end = place
      while end < line.count, line[end] != UInt8(ascii: ",") { end += 1 }
      var last = end
      while last > place, Self.isSpace(line[last - 1]) { last -= 1 }
      defer { step(behind: end) }
      return UnsafeRawBufferPointer(rebasing: line[place..<last])
    }
    let start = place + 1
    var end = start
    while true {
      guard end < line.count else { throw .unclosed }
      guard line[end] == UInt8(ascii: "\"") else {
        end += 1
        continue
      }
      guard end + 1 < line.count, line[end + 1] == UInt8(ascii: "\"") else { break }
      end += 2
    }
    place = end + 1
    skipSpace()
    guard place == line.count || line[place] == UInt8(ascii: ",") else { throw .textAfterQuote }
    step(behind: place)
    return UnsafeRawBufferPointer(rebasing: line[start..<end])
  }

  /// All of them, as texts.
  public static func texts(_ line: UnsafeRawBufferPointer) throws(Problem) -> [String] {
    var cells = CSVCells(line)
    var texts: [String] = []
    while let cell = try cells.next() {
      texts.append(String(decoding: cell, as: UTF8.self).replacing("\"\"", with: "\""))
    }
    return texts
  }

  private mutating func step(behind end: Int) {
    isAtEnd = end >= line.count
    place = end + 1
  }

  private mutating func skipSpace() {
    while place < line.count, Self.isSpace(line[place]) { place += 1 }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 }
}
