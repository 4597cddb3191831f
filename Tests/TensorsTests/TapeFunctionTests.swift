import Testing

@testable import Tensors

struct TapeFunctionTests {
  @Test(
    "Functions hold to single precision from the smallest numbers to the largest, and keep NaN and infinity",
    arguments: ElementwiseFunction.Kind.allCases)
  func values(_ kind: ElementwiseFunction.Kind) {
    var x: [Float] = [.nan, .infinity, 0, 1e-30, 1e-6, 1e-3]
    x += (1...400).map { Float($0) * 0.0371 } + [30, 80, 88.5, 100, 1000, 8191, 1e5]
    if kind != .sqrt && kind != .reciprocalSqrt { x += x.map { -$0 } }
    var tape = Tape()
    let y = tape.apply(kind, tape.input([x.count]))
    let replay = TapeReplay(tape)
    _ = replay.values(of: Tape.Node(index: 0, shape: [x.count])).update(from: x)
    replay.forward(parameters: [0])
    for (x, y) in zip(x, replay.values(of: y)) {
      let exact = TapeOracle.function(kind, Double(x))
      let single = Float(exact)
      if single.isNaN || x.isNaN {
        // A comparison with NaN is false: relu keeps it, the step is zero.
        #expect(kind == .step ? y == 0 : y.isNaN, "\(kind) of \(x) is \(y)")
      } else if single.isInfinite || y.isInfinite {
        #expect(y == single, "\(kind) of \(x) is \(y)")
      } else {
        // Near the zeros of gelu and of the waves the error is one of the argument's.
        let scale = kind == .sin || kind == .cos || kind == .gelu ? max(abs(exact), 0.1) : abs(exact)
        #expect(abs(Double(y) - exact) <= 6e-7 * scale + 2e-38, "\(kind) of \(x) is \(y), not \(exact)")
      }
    }
  }
}
