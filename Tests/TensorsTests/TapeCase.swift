import Testing

@testable import Tensors

/// A small tape to be held to finite differences.
struct TapeCase: Sendable, CustomTestStringConvertible {
  let testDescription: String
  /// Where inputs and parameters are drawn from.
  let range: ClosedRange<Float>
  let record: @Sendable (inout Tape) -> Tape.Node

  init(
    _ name: String, in range: ClosedRange<Float> = -1.5...1.5, _ record: @escaping @Sendable (inout Tape) -> Tape.Node
  ) {
    testDescription = name
    self.range = range
    self.record = record
  }

  /// Numbers from `range`, away from zero, where relu has a kink.
  func numbers(_ count: Int, seed: UInt64) -> [Float] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let x = range.lowerBound + (range.upperBound - range.lowerBound) * Float(state >> 40) / Float(1 << 24)
      return abs(x) < 0.05 ? x + 0.1 : x
    }
  }

  /// Every operation alone. Odd lengths reach the ends of the vector loops.
  static let operations: [TapeCase] =
    ElementwiseFunction.Kind.allCases.map { kind in
      let isRoot = kind == .sqrt || kind == .reciprocalSqrt
      return TapeCase("\(kind)", in: isRoot ? 0.5...2 : -3...3) { $0.apply(kind, $0.input([3, 7])) }
    } + [
      TapeCase("matmul") { $0.matmul($0.input([2, 3, 4]), $0.parameter(offset: 2, shape: [4, 5])) },
      TapeCase("matmul, transposed") {
        $0.matmul($0.input([3, 4]), $0.parameter(offset: 0, shape: [5, 4]), transposed: true)
      },
      TapeCase("add") { $0.add($0.input([5, 4]), $0.input([5, 4])) },
      TapeCase("bias") { $0.add($0.input([5, 2, 3]), $0.parameter(offset: 1, shape: [3])) },
      TapeCase("bias over two axes") { $0.add($0.input([5, 2, 3]), $0.parameter(offset: 0, shape: [2, 3])) },
      TapeCase("a number added") { $0.add($0.input([5, 7]), $0.parameter(offset: 0, shape: [1])) },
      TapeCase("subtract") { $0.subtract($0.input([5, 4]), $0.input([4])) },
      TapeCase("multiply") { $0.multiply($0.input([3, 6]), $0.input([3, 6])) },
      TapeCase("multiply by a row") { $0.multiply($0.input([70, 3]), $0.parameter(offset: 0, shape: [3])) },
      TapeCase("multiply by a number") { $0.multiply($0.input([5, 7]), $0.parameter(offset: 3, shape: [1])) },
      TapeCase("square") { tape in
        let x = tape.input([4, 5])
        return tape.multiply(x, x)
      },
      TapeCase("affine") { $0.affine($0.input([5, 4]), scale: -0.7, shift: 0.3) },
      TapeCase("sum") { $0.sum($0.input([5, 7])) },
      TapeCase("mean") { $0.mean($0.input([5, 7])) },
      TapeCase("sum over the first axis") { $0.sum($0.input([5, 7]), axis: 0) },
      TapeCase("mean over a middle axis") { $0.mean($0.input([2, 5, 3]), axis: 1) },
      TapeCase("mean over the last axis") { $0.mean($0.input([3, 5]), axis: 1) },
      TapeCase("expand") { $0.expand($0.input([2, 1, 3]), axis: 1, count: 4) },
      TapeCase("expand the last axis") { $0.expand($0.input([2, 3, 1]), axis: 2, count: 4) },
      TapeCase("reshape") { $0.scale($0.reshape($0.input([2, 6]), to: [3, 4]), by: 2) },
      TapeCase("concatenate") {
        $0.concatenate([$0.input([2, 3]), $0.parameter(offset: 0, shape: [2, 1]), $0.input([2, 4])])
      },
      TapeCase("slice") { $0.slice($0.input([2, 3, 5]), 1..<4) },
      TapeCase("gather") { $0.gather($0.input([2, 4, 3]), [1, 3, 0, 0, 2, 1]) },
      TapeCase("scatter") { $0.scatter($0.input([2, 5, 3]), [1, 3, 0, 1, 1], nodes: 4) },
      TapeCase("scatter, mean") { $0.scatter($0.input([2, 5, 3]), [1, 3, 0, 1, 1], nodes: 4, mean: true) },
      TapeCase("convolve a ring") { $0.convolve($0.input([2, 5, 2]), $0.parameter(offset: 0, shape: [3, 2, 3])) },
      TapeCase("convolve a ring shorter than the taps") {
        $0.convolve($0.input([2, 3, 1]), $0.parameter(offset: 0, shape: [5, 1, 2]))
      },
      TapeCase("convolve a square") {
        $0.convolve($0.input([2, 3, 4, 2]), $0.parameter(offset: 0, shape: [3, 3, 2, 2]))
      },
      TapeCase("convolve two frames at a time") { tape in
        let (x, w) = (tape.input([5, 4, 2]), tape.parameter(offset: 0, shape: [3, 2, 2]))
        // 4 sites of 3 taps of 2 channels: room for two frames.
        let operation = CircularConvolution(batch: 5, sites: [4], taps: [3], inputs: 2, outputs: 2, scratchLimit: 50)
        return tape.record(operation, [x, w], shape: [5, 4, 2])
      },
      TapeCase("convolve by Fourier modes") {
        $0.spectralConvolve($0.input([2, 7, 3]), $0.parameter(offset: 1, shape: [3, 2, 3, 2]))
      },
      TapeCase("convolve by all Fourier modes of an even ring") {
        $0.spectralConvolve($0.input([2, 6, 2]), $0.parameter(offset: 0, shape: [4, 2, 2, 19]))
      },
      TapeCase("neighbours' mean on a square") { $0.neighbourMean($0.input([2, 12, 3]), on: [3, 4]) },
      TapeCase("neighbours' mean on a ring") { $0.neighbourMean($0.input([2, 5, 17]), on: [5]) },
      TapeCase("neighbours' mean where neighbours are the same twice") {
        $0.neighbourMean($0.input([1, 4, 2]), on: [2, 2])
      },
      TapeCase("neighbours' layer") {
        $0.neighbourLayer(
          $0.input([2, 12, 3]), on: [3, 4], own: $0.parameter(offset: 0, shape: [3, 5]),
          neighbours: $0.parameter(offset: 15, shape: [3, 5]), bias: $0.parameter(offset: 30, shape: [5]))
      },
      TapeCase("neighbours' layer with tanh, without bias") {
        $0.neighbourLayer(
          $0.input([2, 5, 2]), on: [5], own: $0.parameter(offset: 0, shape: [2, 3]),
          neighbours: $0.parameter(offset: 6, shape: [2, 3]), bias: nil, function: .tanh)
      },
      TapeCase("neighbours' layer of more sites than one block", in: -0.6...0.6) {
        $0.neighbourLayer(
          $0.input([1, 90, 2]), on: [9, 10], own: $0.parameter(offset: 0, shape: [2, 2]),
          neighbours: $0.parameter(offset: 4, shape: [2, 2]), bias: $0.parameter(offset: 8, shape: [2]), function: .tanh
        )
      },
      TapeCase("neighbours' layer in whole vectors, with relu") {
        $0.neighbourLayer(
          $0.input([1, 3, 2]), on: [3], own: $0.parameter(offset: 0, shape: [2, 16]),
          neighbours: $0.parameter(offset: 32, shape: [2, 16]), bias: $0.parameter(offset: 64, shape: [16]),
          function: .relu)
      },
      TapeCase("neighbours' layer in whole vectors, many sites", in: -0.6...0.6) {
        $0.neighbourLayer(
          $0.input([1, 15, 2]), on: [3, 5], own: $0.parameter(offset: 0, shape: [2, 48]),
          neighbours: $0.parameter(offset: 96, shape: [2, 48]), bias: nil, function: .tanh)
      },
      TapeCase("neighbours' layer of one output", in: -0.4...0.4) {
        $0.neighbourLayer(
          $0.input([1, 18, 16]), on: [3, 6], own: $0.parameter(offset: 0, shape: [16, 1]),
          neighbours: $0.parameter(offset: 16, shape: [16, 1]), bias: $0.parameter(offset: 32, shape: [1]),
          function: .tanh)
      },
      TapeCase("linear") {
        $0.linear(
          $0.input([2, 3, 4]), $0.parameter(offset: 0, shape: [4, 5]), bias: $0.parameter(offset: 20, shape: [5]))
      },
      TapeCase("linear in whole vectors") {
        $0.linear(
          $0.input([13, 2]), $0.parameter(offset: 0, shape: [2, 16]), bias: $0.parameter(offset: 32, shape: [16]))
      },
      TapeCase("normalise") { $0.normalise($0.input([3, 5])) },
      TapeCase("normalise long rows") { $0.normalise($0.input([2, 19])) },
      TapeCase("squared error") { $0.squaredError($0.input([3, 7]), $0.input([3, 7])) },
      TapeCase("squared error, weighted") {
        $0.squaredError($0.input([3, 7]), $0.input([3, 7]), weights: $0.input([7]))
      },
      TapeCase("root mean square error") { $0.rootMeanSquareError($0.input([3, 7]), $0.input([3, 7])) },
    ]

  /// Networks.
  static let networks: [TapeCase] = [
    TapeCase("perceptron with layer normalisation") { tape in
      let w1 = tape.parameter(offset: 0, shape: [3, 6])
      let h = tape.layerNorm(
        tape.matmul(tape.input([2, 3]), w1), gamma: tape.parameter(offset: 18, shape: [6]),
        beta: tape.parameter(offset: 24, shape: [6]))
      let y = tape.matmul(tape.gelu(h), tape.parameter(offset: 30, shape: [2, 6]), transposed: true)
      return tape.rootMeanSquareError(y, tape.input([2, 2]), weights: tape.constant([0.5, 2], shape: [2]))
    },
    TapeCase("two steps of a residual ring") { tape in
      let (w, v) = (tape.parameter(offset: 0, shape: [3, 1, 3]), tape.parameter(offset: 9, shape: [3, 1]))
      var x = tape.input([2, 4, 1])
      for _ in 0..<2 { x = tape.add(x, tape.matmul(tape.tanh(tape.convolve(x, w)), v)) }
      return tape.squaredError(x, tape.input([2, 4, 1]))
    },
    TapeCase("messages on a graph") { tape in
      let (sources, targets) = ([1, 2, 0, 2, 0], [0, 0, 1, 1, 2])
      let x = tape.input([2, 3, 2])
      let pair = tape.concatenate([tape.gather(x, targets), tape.gather(x, sources)])
      let message = tape.softplus(tape.matmul(pair, tape.parameter(offset: 0, shape: [4, 3])))
      let mean = tape.scatter(message, targets, nodes: 3, mean: true)
      return tape.sum(tape.sin(tape.slice(mean, 0..<2)))
    },
  ]
}
