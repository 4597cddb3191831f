internal import Tensors

/// x'_i = σ(W_s x_i + W_n mean_j x_j + b) over the nearest neighbours j of each site, layer by layer; nothing after the
/// last: the direct force field of "Graph neural network force fields for adiabatic dynamics of lattice Hamiltonians".
struct GraphNetwork: TapeNetwork {
  let activation: PerceptronSettings.Activation
  /// Own weight, neighbours' weight and, where there is one, bias of every layer; weights are (inputs, outputs).
  let tensors: [ParameterTensor]
  /// Without, and with tanh, the network is odd: f(-x) = -f(x).
  var hasBias = true

  /// - Parameters:
  ///   - widths: Channels of the input, of each hidden layer and of the output.
  static func layout(_ widths: [Int], hasBias: Bool = true) -> ParameterLayout {
    var layout = ParameterLayout()
    for (index, size) in zip(widths, widths.dropFirst()).enumerated() {
      layout.add("layers.\(index).own.weight", shape: [size.0, size.1])
      layout.add("layers.\(index).neighbours.weight", shape: [size.0, size.1])
      if hasBias { layout.add("layers.\(index).bias", shape: [size.1]) }
    }
    return layout
  }

  func record(_ planes: Tape.Node, masks: Tape.Node?, on tape: inout Tape) -> Tape.Node {
    let (batch, extent) = (planes.shape.axes[0], Array(planes.shape.axes.dropFirst().dropLast()))
    var x = tape.reshape(planes, to: [batch, extent.reduce(1, *), planes.shape.last])
    let stride = hasBias ? 3 : 2
    for layer in Swift.stride(from: 0, to: tensors.count, by: stride) {
      let isLast = layer + stride == tensors.count
      x = tape.neighbourLayer(
        x, on: extent, own: tape.parameter(tensors[layer]), neighbours: tape.parameter(tensors[layer + 1]),
        bias: hasBias ? tape.parameter(tensors[layer + 2]) : nil, function: isLast ? .none : fused)
      if !isLast, activation == .gelu { x = tape.gelu(x) }
    }
    return tape.reshape(x, to: TensorShape(planes.shape.axes.dropLast() + [x.shape.last]))
  }

  private var fused: Tape.LayerFunction {
    switch activation {
    case .gelu: .none
    case .tanh: .tanh
    case .relu: .relu
    }
  }
}
