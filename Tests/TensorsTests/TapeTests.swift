import Testing

@testable import Tensors

struct TapeTests {
  /// Inputs, parameters and the pass that they give.
  struct Pass {
    let tape: Tape
    let replay: TapeReplay
    let inputs: [Int: [Float]]
    let parameters: [Float]
    var oracle: TapeOracle { TapeOracle(tape: tape) }
    var exactInputs: [Int: [Double]] { inputs.mapValues { $0.map(Double.init) } }
    var exactParameters: [Double] { parameters.map(Double.init) }

    init(_ tape: Tape, _ numbers: TapeCase) {
      self.tape = tape
      replay = TapeReplay(tape)
      var inputs: [Int: [Float]] = [:]
      for (k, entry) in tape.entries.enumerated() where entry.operation is Leaf && !entry.place.isParameter {
        inputs[k] = numbers.numbers(entry.shape.count, seed: UInt64(k + 1))
        _ = replay.values(of: Tape.Node(index: k, shape: entry.shape)).update(from: inputs[k]!)
      }
      self.inputs = inputs
      parameters = numbers.numbers(max(tape.parameterCount, 1), seed: 1000)
      replay.forward(parameters: parameters)
    }

    func values(_ node: Tape.Node) -> [Double] { replay.values(of: node).map(Double.init) }

    func gradient(_ node: Tape.Node, seeds: [Float]) -> (inputs: [Int: [Double]], parameters: [Double]) {
      var gradients = [Float](repeating: 0, count: parameters.count)
      replay.backward(from: node, seeds: seeds, parameters: parameters, gradients: &gradients)
      var byInput: [Int: [Double]] = [:]
      for k in inputs.keys {
        let input = Tape.Node(index: k, shape: tape.entries[k].shape)
        byInput[k] = replay.gradient(of: input).map(Double.init)
      }
      return (byInput, gradients.map(Double.init))
    }
  }

  /// The greatest difference relative to the greatest number, or to one.
  static func difference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    let scale = b.reduce(1) { max($0, abs($1)) }
    let differences = zip(a, b).map { abs($0 - $1) / scale }
    return differences.allSatisfy(\.isFinite) ? differences.max() ?? 0 : .infinity
  }

  private func checkGradient(_ pass: Pass, _ node: Tape.Node, _ numbers: TapeCase) {
    let exact = pass.oracle.values(inputs: pass.exactInputs, parameters: pass.exactParameters)
    #expect(Self.difference(pass.values(node), exact[node.index]) < 1e-5)
    let seeds = numbers.numbers(node.shape.count, seed: 2000)
    let got = pass.gradient(node, seeds: seeds)
    let expected = pass.oracle.gradient(
      of: node, seeds: seeds.map(Double.init), inputs: pass.exactInputs, parameters: pass.exactParameters)
    for (k, gradient) in expected.inputs { #expect(Self.difference(got.inputs[k]!, gradient) < 1e-5) }
    #expect(Self.difference(got.parameters, expected.parameters) < 1e-5)
  }

  @Test("Every gradient is that of finite differences", arguments: TapeCase.operations + TapeCase.networks)
  func gradient(_ subject: TapeCase) {
    var tape = Tape()
    let node = subject.record(&tape)
    checkGradient(Pass(tape, subject), node, subject)
  }

  @Test(
    "Every tangent is that of finite differences, and so is its gradient",
    arguments: TapeCase.operations + TapeCase.networks)
  func tangent(_ subject: TapeCase) {
    var plain = Tape()
    let node = subject.record(&plain)
    var tape = plain
    // Every input and every parameter changes, by inputs of their own.
    var directions: [Tape.Node: Tape.Node] = [:]
    for (k, entry) in plain.entries.enumerated() where entry.operation is Leaf {
      directions[Tape.Node(index: k, shape: entry.shape)] = tape.input(entry.shape)
    }
    let change = tape.tangent(of: node, along: directions)
    let pass = Pass(tape, subject)
    let exact = pass.oracle.values(inputs: pass.exactInputs, parameters: pass.exactParameters)[change.index]

    let along = TapeOracle.slopes { h in
      var inputs = pass.exactInputs
      var parameters = pass.exactParameters
      for (from, to) in directions {
        let place = plain.entries[from.index].place
        for k in 0..<from.shape.count {
          let step = h * Double(pass.inputs[to.index]![k])
          if place.isParameter { parameters[place.value + k] += step } else { inputs[from.index]![k] += step }
        }
      }
      return TapeOracle(tape: plain).values(inputs: inputs, parameters: parameters)[node.index]
    }
    #expect(Self.difference(exact, along) < 1e-6)
    checkGradient(pass, change, subject)
  }

  @Test("The same numbers give the same bits, whatever was computed between")
  func repeated() {
    let subject = TapeCase.networks[0]
    var tape = Tape()
    let node = subject.record(&tape)
    let pass = Pass(tape, subject)
    let first = (pass.values(node), pass.gradient(node, seeds: [1]))
    let input = Tape.Node(index: pass.inputs.keys.min()!, shape: tape.entries[pass.inputs.keys.min()!].shape)
    pass.replay.values(of: input)[0] += 1
    pass.replay.forward(parameters: pass.parameters)
    #expect(pass.values(node) != first.0)
    pass.replay.values(of: input)[0] = pass.inputs[input.index]![0]
    pass.replay.forward(parameters: pass.parameters)
    let second = (pass.values(node), pass.gradient(node, seeds: [1]))
    #expect(first.0 == second.0)
    #expect(first.1.inputs == second.1.inputs && first.1.parameters == second.1.parameters)
  }
}
