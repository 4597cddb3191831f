import Foundation
import Testing

@testable import Streams

@Suite("Decimal numbers in bytes")
struct DecimalNumberTests {
  private func parse(_ text: String) -> DecimalNumber {
    var text = text
    return text.withUTF8 { DecimalNumber(UnsafeRawBufferPointer($0)) }
  }

  /// The same bits as the C library's, which rounds every decimal number rightly.
  private func agrees(_ text: String) -> Bool {
    let expected = strtod(text, nil)
    guard expected.isFinite else { return parse(text) == .beyond }
    guard case .number(let value) = parse(text) else { return false }
    return value.bitPattern == expected.bitPattern
  }

  @Test("Every number has the bits that strtod gives it, at the edges of the fast path, of digits and of range")
  func edges() {
    let texts = [
      "0", "-0", "+0", "0.0", "-0.000", "1", "+1", "-1", "1.", ".5", "-.5", "00012", "0.1", "0.2",
      "0.30000000000000004",
      "9007199254740992", "9007199254740993", "9007199254740994", "9007199254740993.0", "1e22", "1e23", "1e-22",
      "1e-23",
      "123456789012345678", "1234567890123456789", "12345678901234567890", "99999999999999999999999",
      "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "1e308", "1e309", "-1e999", "1e999",
      "4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "2.2250738585072011e-308",
      "1e-400",
      "0e999", "0.000000000000000000000000000000000000001", "1000000000000000000000e-21", "5e-1", "5E+1", "5e+0001",
      "0." + String(repeating: "0", count: 400) + "1", "1" + String(repeating: "0", count: 400) + "e-400",
      "3." + String(repeating: "14159", count: 2000), "9007199254740991e22", "9007199254740992e-22",
      "1e1000000000000", "1e-1000000000000",
    ]
    for text in texts { #expect(agrees(text), "\(text.prefix(60))") }
  }

  @Test("Numbers drawn at random, as programs print them, have the bits that strtod gives them")
  func random() {
    var generator = SystemRandomNumberGenerator()
    var wrong: [String] = []
    for _ in 0..<40_000 {
      let bits = Double(bitPattern: generator.next())
      let value = bits.isFinite ? bits : 1
      let near = Double.random(in: -1000...1000, using: &generator)
      let digits = Int.random(in: 0...18, using: &generator)
      for text in [
        "\(value)", "\(near)", String(format: "%.\(digits)e", value), String(format: "%.\(digits)f", near),
        "\(UInt64.random(in: 0 ... .max, using: &generator))e\(Int.random(in: -345...310, using: &generator))",
      ] where !agrees(text) { wrong.append(text) }
    }
    #expect(wrong.isEmpty, "\(wrong.prefix(5))")
  }

  @Test("Words for nothing are missing numbers, and infinity is one")
  func words() {
    for text in ["", "nan", "NaN", "-nan", "NA", "n/a", "null", "None"] { #expect(parse(text) == .missing, "\(text)") }
    #expect(parse("inf") == .number(.infinity) && parse("-Infinity") == .number(-.infinity))
  }

  @Test(
    "What is no decimal number is a text",
    arguments: [
      "0x10", "1,5", "1 000", "1'000", "1_000", "1e", "e5", ".", "-", "+", "--1", "1-", "1.2.3", "1e5.0", "0b1", "٣",
      "1f",
      "infinite", "12:30", "1e+", "NaN(1)", "1\u{0}",
    ])
  func texts(text: String) { #expect(parse(text) == .text) }
}

@Suite("Cells of a CSV line")
struct CSVCellsTests {
  private func cells(_ line: String) throws -> [String] {
    var line = line
    return try line.withUTF8 { try CSVCells.texts(UnsafeRawBufferPointer($0)) }
  }

  @Test("Quotation marks hold commas and themselves, white space around a cell does not count")
  func quoting() throws {
    #expect(try cells("a,b") == ["a", "b"])
    #expect(try cells(" a ,\tb ") == ["a", "b"])
    #expect(try cells("\"a,b\",\"c \"\"d\"\"\", \"\" ") == ["a,b", "c \"d\"", ""])
    #expect(try cells("a,") == ["a", ""] && cells(",") == ["", ""] && cells("a b") == ["a b"])
    #expect(throws: CSVCells.Problem.unclosed) { try cells("1,\"2") }
    #expect(throws: CSVCells.Problem.textAfterQuote) { try cells("\"1\"2,3") }
  }
}
