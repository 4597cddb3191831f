internal import Tensors

/// A residual convolutional network on a ring or a square lattice, as the published one is on the square of site pairs.
///
/// x₀ = tanh conv(input); x_{k+1} = x_k + conv(s tanh LN(conv(tanh LN(x_k)))); output = W tanh(x) + b. Convolutions are
/// circular with kernel 3, LN runs over the channels of a site, s drops whole channels in training. Where sums are to be
/// kept the output is a flux along each axis, and its difference between neighbours is the change.
struct GridNetwork: TapeNetwork {
  let settings: ResidualSettings
  /// In the order of `layout`.
  let tensors: [ParameterTensor]
  /// Whether the sums of the planes are kept.
  var isFlux = false

  var dropout: Float { settings.dropout }
  var maskCount: Int { settings.dropout > 0 ? settings.blocks * settings.channels : 0 }

  /// The parameters: convolutions are (taps…, inputs, outputs), the output (inputs, outputs).
  ///
  /// - Parameters:
  ///   - planes: Channels of the embedded state.
  ///   - rank: Axes of the lattice.
  ///   - isFlux: Whether the output has the planes once an axis.
  static func layout(_ settings: ResidualSettings, planes: Int, rank: Int, isFlux: Bool = false) -> ParameterLayout {
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
    let outputs = isFlux ? rank * planes : planes
    add("output", weight: [c, outputs], bias: outputs)
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
    let output = tape.add(tape.matmul(tape.tanh(x), tape.parameter(tensors[at])), tape.parameter(tensors[at + 1]))
    return isFlux ? divergence(of: output, planes.shape, on: &tape) : output
  }

  /// −∇·F: what flows into each site less what flows out of it, for fluxes (batch, extent…, axes × channels).
  private func divergence(of flux: Tape.Node, _ shape: TensorShape, on tape: inout Tape) -> Tape.Node {
    let (batch, channels) = (shape.axes[0], shape.last)
    let extent = Array(shape.axes.dropFirst().dropLast())
    let sites = extent.reduce(1, *)
    let all = tape.reshape(flux, to: [batch, sites, extent.count * channels])
    var sum: Tape.Node?
    for (axis, length) in extent.enumerated() {
      let stride = extent[(axis + 1)...].reduce(1, *)
      let before = (0..<sites).map { site in
        let place = site / stride % length
        return site + ((place + length - 1) % length - place) * stride
      }
      let out = tape.slice(all, (axis * channels)..<((axis + 1) * channels))
      let change = tape.add(tape.gather(out, before), tape.scale(out, by: -1))
      sum = sum.map { tape.add($0, change) } ?? change
    }
    return tape.reshape(sum!, to: shape)
  }
}
