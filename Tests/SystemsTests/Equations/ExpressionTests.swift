import Foundation
import Tensors
import Testing

@testable import Systems

@Suite("Expressions of files of equations")
struct ExpressionTests {
  /// The value of an expression of x = 3 and y = −2.
  private func value(_ text: String) throws -> Double {
    var builder = EquationProgramBuilder(inputs: 2)
    let value = try ExpressionParser.read(text, names: ["x": 0, "y": 1], line: 1, column: 1, into: &builder)
    return builder.program([value]).values([3, -2])[0]
  }

  private func complaint(_ text: String) -> String {
    do { return "\(try value(text))" } catch { return "\(error)" }
  }

  @Test("Signs bind as in mathematics")
  func precedence() throws {
    for (text, expected) in [
      ("1 + 2*x", 7), ("-x^2", -9), ("2^-x", 0.125), ("2^x^2", 512), ("x - y - 1", 4), ("x/y/2", -0.75), ("-x*-y", -6),
      ("(x + y)^3", 1), ("x^0", 1), ("x^-2", 1.0 / 9), ("y^5", -32), ("1e-3*x", 0.003), ("+x", 3), ("2.5e2", 250),
      (".5", 0.5), ("--x", 3), ("x^2.5", pow(3, 2.5)), ("2*pi", 2 * Double.pi),
    ] as [(String, Double)] { #expect(try abs(value(text) - expected) <= 1e-15 * abs(expected), "\(text)") }
  }

  @Test("Functions are what their names say")
  func functions() throws {
    for (text, expected) in [
      ("sin(x)", sin(3)), ("cos(y)", cos(-2)), ("tan(1)", tan(1)), ("exp(y)", exp(-2)), ("log(x)", log(3)),
      ("sqrt(x)", 3.0.squareRoot()), ("abs(y)", 2), ("sign(y)", -1), ("sign(0)", 0), ("heaviside(y)", 0),
      ("heaviside(x)", 1), ("heaviside(0)", 0), ("tanh(1)", tanh(1)), ("sinh(1)", sinh(1)), ("cosh(1)", cosh(1)),
      ("floor(-0.5)", -1), ("min(x, y)", -2), ("max(x, y)", 3), ("mod(-1, 3)", 2), ("mod(5.5, 2)", 1.5),
      ("mod(1, -3)", -2), ("atan2(y, x)", atan2(-2, 3)), ("asin(0.5)", asin(0.5)), ("acos(0.5)", acos(0.5)),
      ("atan(x)", atan(3)),
    ] as [(String, Double)] { #expect(try value(text) == expected, "\(text)") }
    #expect(Set(EquationOperation.functions.keys).count == EquationOperation.allCases.count - 6)
  }

  @Test("Kepler's equation holds of its solution, turn after turn and at every eccentricity")
  func kepler() throws {
    for e in [0, 0.1, 0.9, 0.999, 1] {
      for m in stride(from: -20.0, through: 20, by: 0.37) {
        let q = EquationOperation.kepler.value(e, m)
        #expect(abs(q - e * sin(q) - m) < 2e-14, "e \(e), m \(m)")
      }
    }
    #expect(EquationOperation.kepler.value(1.5, 1).isNaN && EquationOperation.kepler.value(0.5, .nan).isNaN)
  }

  @Test("What cannot be read is said with its column")
  func complaints() {
    for (text, words) in [
      ("", "column 1: the expression ends where there should be a number, a name or a bracket"),
      ("x +", "column 4: the expression ends"), ("x y", "column 3: expected an operator or the end, found `y`"),
      ("2x", "column 1: `2x` is no number"), ("x + z", "column 5: there is no `z` here"),
      ("foo(x)", "column 1: there is no function `foo`"), ("sin x", "column 1: there is no `sin` here"),
      ("min(x)", "column 6: expected `,`: `min` takes two numbers, found `)`"),
      ("sin(x, y)", "column 6: expected `)`: `sin` takes one number, found `,`"),
      ("(x", "column 3: the expression ends"),
      ("x ** 2", "column 4: expected a number, a name or a bracket, found `*`"),
      ("0x10", "column 1: `0x10` is no number"),
      ("1e999", "column 1: `1e999` is no number"),
      ("é + x", "column 1: expected a number, a name or a bracket, found `é`"),
    ] { #expect(complaint(text).contains(words), "\(text): \(complaint(text))") }
  }

  @Test("Nesting is bounded; long sums are not nested")
  func bounds() throws {
    let deep = String(repeating: "(", count: 100_000) + "x" + String(repeating: ")", count: 100_000)
    #expect(complaint(deep).contains("more than 64 deep"))
    #expect(complaint(String(repeating: "-", count: 100_000) + "x").contains("more than 64 deep"))
    #expect(complaint(String(repeating: "x^", count: 100_000) + "x").contains("more than 64 deep"))
    #expect(try value("x" + String(repeating: "+x", count: 999)) == 3000)
    #expect(complaint((0..<9000).map { "sin(x+\($0))" }.joined(separator: "+")).contains("more than 8192 operations"))
  }

  @Test("What occurs twice, and what depends on numbers alone, is computed once")
  func folding() throws {
    var builder = EquationProgramBuilder(inputs: 1)
    let a = try ExpressionParser.read("sin(x)^2 + 2*3*sin(x)", names: ["x": 0], line: 1, column: 1, into: &builder)
    let program = builder.program([a])
    #expect(program.instructions.count == 4 && program.constants == [6])
  }

  @Test("Random text makes an expression or a complaint, never a trap")
  func fuzz() {
    var random = CounterRandom(seed: 5, purpose: .bootstrap)
    let pieces = [
      "x", "y", "(", ")", "+", "-", "*", "/", "^", ",", "sin", "min(", "1", "2.5", "e", ".", " ", "é", "\0", "_", "1e",
      "0",
    ]
    for _ in 0..<5000 {
      let text = (0..<Int(random.next() % 20)).map { _ in pieces[Int(random.next() % UInt64(pieces.count))] }.joined()
      #expect(!complaint(text).isEmpty)
    }
  }
}
