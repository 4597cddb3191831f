internal import Tensors

/// The energy graph network of "Graph neural network force fields for adiabatic dynamics of lattice Hamiltonians": blocks
/// x' = R x + c + LayerNorm(⟨M_n(x)⟩ + M_s(x) + σ(U x + d)), messages M(x) = W₂ σ(W₁ x + b), ⟨·⟩ the mean over the nearest
/// neighbours; a last block ⟨M_n(x)⟩ + M_s(x) + R x + c of one channel, the energy of a site.
struct EnergyNetwork: ForceNetwork {
  enum Activation: String, Sendable, CaseIterable { case relu, silu, tanh }

  let activation: Activation
  /// In the order of `layout`; weights are (inputs, outputs).
  let tensors: [ParameterTensor]

  var isEnergy: Bool { true }

  /// Parameters of one block, of which the last has the first eight alone.
  private static let names = [
    "neighbours.weight1", "neighbours.bias", "neighbours.weight2", "own.weight1", "own.bias", "own.weight2",
    "residual.weight", "residual.bias", "update.weight", "update.bias", "normalisation.weight", "normalisation.bias",
  ]

  /// - Parameter widths: Channels after each block; one more block makes the energy.
  static func layout(_ widths: [Int]) -> ParameterLayout {
    var layout = ParameterLayout()
    let all = [1] + widths + [1]
    for (index, (inputs, outputs)) in zip(all, all.dropFirst()).enumerated() {
      let isLast = index == widths.count
      for name in names.prefix(isLast ? 8 : 12) {
        let shape =
          name.hasSuffix("bias") || name == "normalisation.weight"
          ? [outputs] : [name.hasSuffix("weight2") ? outputs : inputs, outputs]
        layout.add("blocks.\(index).\(name)", shape: shape)
      }
    }
    return layout
  }

  func record(_ input: Tape.Node, on tape: inout Tape) -> Tape.Node {
    let (batch, extent) = (input.shape.axes[0], Array(input.shape.axes.dropFirst().dropLast()))
    var x = tape.reshape(input, to: [batch, extent.reduce(1, *), 1])
    for first in stride(from: 0, to: tensors.count, by: 12) {
      let isLast = first + 12 > tensors.count
      func linear(_ x: Tape.Node, _ weight: Int, _ bias: Int?, on tape: inout Tape) -> Tape.Node {
        let own = tape.parameter(tensors[first + weight])
        guard let bias else { return tape.matmul(x, own) }
        return tape.linear(x, own, bias: tape.parameter(tensors[first + bias]))
      }
      func message(_ at: Int, on tape: inout Tape) -> Tape.Node {
        linear(activate(linear(x, at, at + 1, on: &tape), on: &tape), at + 2, nil, on: &tape)
      }
      let around = tape.neighbourMean(message(0, on: &tape), on: extent)
      var sum = tape.add(around, message(3, on: &tape))
      let residual = linear(x, 6, 7, on: &tape)
      if !isLast {
        sum = tape.add(sum, activate(linear(x, 8, 9, on: &tape), on: &tape))
        sum = tape.layerNorm(
          sum, gamma: tape.parameter(tensors[first + 10]), beta: tape.parameter(tensors[first + 11]))
      }
      x = tape.add(residual, sum)
    }
    return tape.reshape(x, to: input.shape)
  }

  private func activate(_ x: Tape.Node, on tape: inout Tape) -> Tape.Node {
    switch activation {
    case .relu: tape.relu(x)
    case .silu: tape.silu(x)
    case .tanh: tape.tanh(x)
    }
  }
}
