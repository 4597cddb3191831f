internal import Tensors

/// A residual convolutional network on a ring or a square lattice, as the published one is on the square of site pairs.
///
/// x₀ = tanh conv(input); x_{k+1} = x_k + conv(s tanh LN(conv(tanh LN(x_k)))); output = W tanh(x) + b. Convolutions are
/// circular with kernel 3, LN runs over the channels of a site, s drops whole channels in training.
struct GridNetwork: TapeNetwork {
  let settings: ResidualSettings
  /// In the order of `layout`.
  let tensors: [ParameterTensor]

  var dropout: Float { settings.dropout }
  var maskCount: Int { settings.dropout > 0 ? settings.blocks * settings.channels : 0 }

  /// The parameters: convolutions are (taps…, inputs, outputs), the output (inputs, outputs).
  ///
  /// - Parameters:
  ///   - planes: Channels of the embedded state.
  ///   - rank: Axes of the lattice.
  static func layout(_ settings: ResidualSettings, planes: Int, rank: Int) -> ParameterLayout {
    let c = settings.channels
    let taps = Array(repeating: 3, count: rank)
    var layout = ParameterLayout()
    func add(_ name: String, weight: [Int], bias: Int) {
      layout.add("\(name).weight", shape: weight)
      layout.add("\(name).bias", shape: [bias])
    }
    add("input", weight: taps + [planes, c], bias: c)
    for block in 0..<settings.blocks {
      let name = "blocks.\(block)"
      add("\(name).convolution1", weight: taps + [c, c], bias: c)
      add("\(name).convolution2", weight: taps + [c, c], bias: c)
      add("\(name).normalisation1", weight: [c], bias: c)
      add("\(name).normalisation2", weight: [c], bias: c)
    }
    add("output", weight: [c, planes], bias: planes)
    return layout
  }

  func record(_ planes: Tape.Node, masks: Tape.Node?, on tape: inout Tape) -> Tape.Node {
    let c = settings.channels
    let batch = planes.shape.axes[0]
    func convolve(_ x: Tape.Node, _ at: Int, on tape: inout Tape) -> Tape.Node {
      tape.add(tape.convolve(x, tape.parameter(tensors[at])), tape.parameter(tensors[at + 1]))
    }
    func normalise(_ x: Tape.Node, _ at: Int, on tape: inout Tape) -> Tape.Node {
      tape.tanh(tape.layerNorm(x, gamma: tape.parameter(tensors[at]), beta: tape.parameter(tensors[at + 1])))
    }
    var x = tape.tanh(convolve(planes, 0, on: &tape))
    let sites = x.shape.count / (batch * c)
    for block in 0..<settings.blocks {
      let at = 2 + 8 * block
      var hidden = convolve(normalise(x, at + 4, on: &tape), at, on: &tape)
      hidden = normalise(hidden, at + 6, on: &tape)
      if let masks {
        let own = tape.reshape(tape.slice(masks, (block * c)..<((block + 1) * c)), to: [batch, 1, c])
        hidden = tape.multiply(hidden, tape.reshape(tape.expand(own, axis: 1, count: sites), to: hidden.shape))
      }
      x = tape.add(x, convolve(hidden, at + 2, on: &tape))
    }
    let at = 2 + 8 * settings.blocks
    return tape.add(tape.matmul(tape.tanh(x), tape.parameter(tensors[at])), tape.parameter(tensors[at + 1]))
  }
}
