import Foundation
import TestSupport
import Testing

@testable import Tensors

/// Against PyTorch in double precision (`data/tensors/make.py`).
struct TapeGoldenTests {
  struct Golden: Decodable {
    let parameters: [Double]
    let inputs: [String: [Double]]
    let output: [Double]
    let loss: Double
    let parameterGradient: [Double]
    let inputGradients: [String: [Double]]
    let energy: Double?
  }

  /// A network of the script: its inputs by name, output and loss.
  struct Network: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let record: @Sendable (inout Tape) -> (inputs: [String: Tape.Node], output: Tape.Node, loss: Tape.Node)
  }

  static func golden(_ name: String) throws -> Golden {
    let data = try Data(contentsOf: Places.data.appending(path: "tensors/tape.json"))
    return try #require(try JSONDecoder().decode([String: Golden].self, from: data)[name])
  }

  static let sources = [1, 4, 0, 2, 1, 3, 2, 4, 3, 0, 2]
  static let targets = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 0]

  /// Messages tanh([x_i, x_j, x_i - x_j] w1 + b1) w2, their mean over the neighbours.
  static func messages(_ tape: inout Tape, _ x: Tape.Node) -> Tape.Node {
    let w1 = tape.parameter(offset: 0, shape: [9, 8])
    let b1 = tape.parameter(offset: 72, shape: [8])
    let w2 = tape.parameter(offset: 80, shape: [8, 3])
    let (i, j) = (tape.gather(x, targets), tape.gather(x, sources))
    let hidden = tape.matmul(tape.concatenate([i, j, tape.subtract(i, j)]), w1)
    return tape.scatter(tape.matmul(tape.tanh(tape.add(hidden, b1)), w2), targets, nodes: 5, mean: true)
  }

  static let networks = [
    Network(testDescription: "mlp") { tape in
      let (x, target) = (tape.input([5, 6]), tape.input([5, 3]))
      let w1 = tape.parameter(offset: 0, shape: [16, 6])
      let b1 = tape.parameter(offset: 96, shape: [16])
      let gamma = tape.parameter(offset: 112, shape: [16])
      let beta = tape.parameter(offset: 128, shape: [16])
      let w2 = tape.parameter(offset: 144, shape: [3, 16])
      let b2 = tape.parameter(offset: 192, shape: [3])
      let h = tape.layerNorm(tape.add(tape.matmul(x, w1, transposed: true), b1), gamma: gamma, beta: beta)
      let y = tape.softplus(tape.add(tape.matmul(tape.gelu(h), w2, transposed: true), b2))
      let weights = tape.constant([0.5, 1, 2], shape: [3])
      return (["x": x, "target": target], y, tape.rootMeanSquareError(y, target, weights: weights))
    },
    Network(testDescription: "ring") { tape in
      let x = tape.input([3, 7, 2])
      let w1 = tape.parameter(offset: 0, shape: [5, 2, 4])
      let b1 = tape.parameter(offset: 40, shape: [4])
      let w2 = tape.parameter(offset: 44, shape: [3, 4, 2])
      var y = x
      for _ in 0..<2 {
        let hidden = tape.tanh(tape.add(tape.convolve(y, w1), b1))
        y = tape.add(y, tape.scale(tape.convolve(hidden, w2), by: 0.5))
      }
      return (["x": x], y, tape.mean(tape.multiply(y, y)))
    },
    Network(testDescription: "square") { tape in
      let x = tape.input([2, 4, 5, 2])
      let y = tape.convolve(x, tape.parameter(offset: 0, shape: [3, 3, 2, 3]))
      let pooled = tape.mean(tape.mean(tape.sigmoid(y), axis: 1), axis: 2)
      return (["x": x], y, tape.sum(tape.multiply(pooled, tape.sin(pooled))))
    },
    Network(testDescription: "graph") { tape in
      let x = tape.input([4, 5, 3])
      let y = tape.add(x, messages(&tape, x))
      return (["x": x], y, tape.mean(tape.exp(tape.scale(y, by: 0.25))))
    },
    Network(testDescription: "fourier") { tape in
      let x = tape.input([3, 9, 2])
      var at = 0
      func next(_ shape: [Int]) -> Tape.Node {
        defer { at += shape.reduce(1, *) }
        return tape.parameter(offset: at, shape: TensorShape(shape))
      }
      func dense(_ v: Tape.Node, _ inputs: Int, _ outputs: Int) -> Tape.Node {
        let w = next([inputs, outputs])
        return tape.add(tape.matmul(v, w), next([outputs]))
      }
      var v = dense(x, 2, 5)
      for layer in 0..<2 {
        let mixed = tape.spectralConvolve(v, next([4, 2, 5, 5]))
        v = tape.add(mixed, dense(v, 5, 5))
        if layer == 0 { v = tape.gelu(v) }
      }
      let y = dense(tape.gelu(dense(v, 5, 6)), 6, 2)
      return (["x": x], y, tape.mean(tape.multiply(y, y)))
    },
  ]

  @Test("Values and gradients are PyTorch's", arguments: networks)
  func network(_ network: Network) throws {
    let golden = try Self.golden(network.testDescription)
    var tape = Tape()
    let (inputs, output, loss) = network.record(&tape)
    #expect(tape.parameterCount == golden.parameters.count)
    let replay = TapeReplay(tape)
    for (name, node) in inputs { _ = replay.values(of: node).update(from: golden.inputs[name]!.map(Float.init)) }
    let parameters = golden.parameters.map(Float.init)
    var gradient = [Float](repeating: 0, count: parameters.count)
    replay.forward(parameters: parameters)
    replay.backward(from: loss, parameters: parameters, gradients: &gradient)
    #expect(TapeTests.difference(replay.values(of: output).map(Double.init), golden.output) < 1e-5)
    #expect(abs(Double(replay.values(of: loss)[0]) - golden.loss) < 1e-5 * max(1, golden.loss))
    #expect(TapeTests.difference(gradient.map(Double.init), golden.parameterGradient) < 1e-5)
    for (name, node) in inputs {
      let expected = try #require(golden.inputGradients[name])
      #expect(TapeTests.difference(replay.gradient(of: node).map(Double.init), expected) < 1e-5)
    }

    // The oracle of the other tests, in double precision, is PyTorch's too.
    let exact = TapeOracle(tape: tape).values(
      inputs: Dictionary(uniqueKeysWithValues: inputs.map { ($0.value.index, golden.inputs[$0.key]!) }),
      parameters: golden.parameters)
    // Weights of a mean such as 1/3 are recorded in single precision.
    #expect(TapeTests.difference(exact[output.index], golden.output) < 1e-7)
    #expect(abs(exact[loss.index][0] - golden.loss) < 1e-7 * max(1, golden.loss))
  }

  @Test("A loss of the forces of an energy has PyTorch's gradient, by a tangent and one backward pass")
  func forces() throws {
    let golden = try Self.golden("forces")
    var tape = Tape()
    let x = tape.input([4, 5, 3])
    let energy = tape.sum(tape.softplus(Self.messages(&tape, x)))
    let direction = tape.input([4, 5, 3], needsGradient: false)
    let change = tape.tangent(of: energy, along: [x: direction])
    let replay = TapeReplay(tape)
    let parameters = golden.parameters.map(Float.init)
    let target = golden.inputs["target"]!.map(Float.init)
    _ = replay.values(of: x).update(from: golden.inputs["x"]!.map(Float.init))

    // F = -∂E/∂x.
    replay.forward(parameters: parameters, to: energy)
    replay.backward(from: energy, seed: -1, parameters: parameters, gradients: nil)
    let forces = Array(replay.gradient(of: x))
    #expect(abs(Double(replay.values(of: energy)[0]) - golden.energy!) < 1e-5 * golden.energy!)
    #expect(TapeTests.difference(forces.map(Double.init), golden.output) < 1e-5)

    // With v = ∂ℓ/∂F, ∂ℓ/∂θ = -∂/∂θ (v · ∂E/∂x).
    for k in forces.indices {
      replay.values(of: direction)[k] = 2 / Float(forces.count) * (forces[k] - target[k])
    }
    var gradient = [Float](repeating: 0, count: parameters.count)
    replay.forward(parameters: parameters, to: change)
    replay.backward(from: change, seed: -1, parameters: parameters, gradients: &gradient)
    #expect(TapeTests.difference(gradient.map(Double.init), golden.parameterGradient) < 1e-5)
    #expect(TapeTests.difference(replay.gradient(of: x).map(Double.init), golden.inputGradients["x"]!) < 1e-5)
  }
}
