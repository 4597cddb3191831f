internal import Tensors

/// x'_i = σ(W_s x_i + W_n mean_j x_j + b) over the nearest neighbours j of each site, layer by layer; nothing after the
/// last: the direct force field of "Graph neural network force fields for adiabatic dynamics of lattice Hamiltonians".
struct GraphNetwork: TapeNetwork {
  let activation: PerceptronSettings.Activation
  /// Own weight, neighbours' weight and bias of every layer; weights are (inputs, outputs).
  let tensors: [ParameterTensor]

  /// - Parameter planes: Channels of the embedded state.
  static func layout(_ settings: GraphSettings, planes: Int) -> ParameterLayout {
    let widths = [planes] + settings.widths + [planes]
    var layout = ParameterLayout()
    for (index, size) in zip(widths, widths.dropFirst()).enumerated() {
      layout.add("layers.\(index).own.weight", shape: [size.0, size.1])
      layout.add("layers.\(index).neighbours.weight", shape: [size.0, size.1])
      layout.add("layers.\(index).bias", shape: [size.1])
    }
    return layout
  }

  func record(_ planes: Tape.Node, masks: Tape.Node?, on tape: inout Tape) -> Tape.Node {
    let (batch, extent) = (planes.shape.axes[0], Array(planes.shape.axes.dropFirst().dropLast()))
    let sites = extent.reduce(1, *)
    let (sources, targets) = Self.edges(extent)
    var x = tape.reshape(planes, to: [batch, sites, planes.shape.last])
    for layer in stride(from: 0, to: tensors.count, by: 3) {
      if layer > 0 {
        switch activation {
        case .gelu: x = tape.gelu(x)
        case .tanh: x = tape.tanh(x)
        case .relu: x = tape.relu(x)
        }
      }
      let mean = tape.scatter(tape.gather(x, sources), targets, nodes: sites, mean: true)
      let own = tape.matmul(x, tape.parameter(tensors[layer]))
      let around = tape.matmul(mean, tape.parameter(tensors[layer + 1]))
      x = tape.add(tape.add(own, around), tape.parameter(tensors[layer + 2]))
    }
    return tape.reshape(x, to: planes.shape)
  }

  /// From each neighbour to each site, two an axis.
  private static func edges(_ extent: [Int]) -> (sources: [Int], targets: [Int]) {
    let sites = extent.reduce(1, *)
    var (sources, targets): ([Int], [Int]) = ([], [])
    for site in 0..<sites {
      var stride = sites
      for length in extent {
        stride /= length
        let place = site / stride % length
        for next in [(place + 1) % length, (place + length - 1) % length] {
          sources.append(site + (next - place) * stride)
          targets.append(site)
        }
      }
    }
    return (sources, targets)
  }
}
