internal import CKernels
internal import Tensors

/// One residual network: where its parameters, its packed weights and its activations lie.
///
/// u → [Re ρ, Im ρ, diag Q, diag P] / scales → conv 3×3 → tanh = x₀;
/// x_{k+1} = x_k + conv(s tanh LN(conv(tanh LN(x_k)))); tanh → conv 1×1 → × scales = Δρ, ΔQ, ΔP.
/// Convolutions are circular, LN runs over the channels of one site, s drops whole channels in training.
struct ResidualNetwork: Sendable {
  let channels: Int
  let blocks: Int
  /// First parameter of the network in the flat vector of the model.
  let parameters: Int
  /// First float of the network's packed weights.
  let packed: Int
  let inputScale: [Float]
  let outputScale: [Float]

  /// Offsets from `parameters`, in the order of `ParameterLayout`.
  var inputWeight: Int { 0 }
  var inputBias: Int { 36 * channels }
  private var blockStart: Int { 37 * channels }
  private var blockSize: Int { 18 * channels * channels + 6 * channels }
  func weight1(_ block: Int) -> Int { blockStart + block * blockSize }
  func bias1(_ block: Int) -> Int { weight1(block) + 9 * channels * channels }
  func weight2(_ block: Int) -> Int { bias1(block) + channels }
  func bias2(_ block: Int) -> Int { weight2(block) + 9 * channels * channels }
  func gamma1(_ block: Int) -> Int { bias2(block) + channels }
  func beta1(_ block: Int) -> Int { gamma1(block) + channels }
  func gamma2(_ block: Int) -> Int { beta1(block) + channels }
  func beta2(_ block: Int) -> Int { gamma2(block) + channels }
  var outputWeight: Int { weight1(blocks) }
  var outputBias: Int { outputWeight + 4 * channels }
  var parameterCount: Int { outputBias + 4 }

  init(configuration: ModelConfiguration, index: Int, parameters: Int, packed: Int) {
    channels = configuration.channels
    blocks = configuration.blocks
    self.parameters = parameters
    self.packed = packed
    inputScale = configuration.networkScales[index].input.map { 1 / $0 }
    outputScale = configuration.networkScales[index].output
  }

  /// The networks of a model, one after the other in all three vectors.
  static func networks(of configuration: ModelConfiguration) -> [ResidualNetwork] {
    var networks: [ResidualNetwork] = []
    for index in configuration.networkNames.indices {
      networks.append(
        ResidualNetwork(
          configuration: configuration, index: index,
          parameters: networks.last.map { $0.parameters + $0.parameterCount } ?? 0,
          packed: networks.last.map { $0.packed + $0.packedCount } ?? 0))
    }
    return networks
  }
}

// MARK: Packed weights

extension ResidualNetwork {
  private func packedSize(_ outputs: Int, _ inputs: Int, _ taps: Int) -> Int {
    holstream_packed_count(Int32(outputs), Int32(inputs), Int32(taps))
  }
  private var packedSquare: Int { packedSize(channels, channels, 9) }
  var packedInput: Int { packed }
  func packed1(_ block: Int) -> Int { packed + packedSize(channels, 4, 9) + 2 * block * packedSquare }
  func packed2(_ block: Int) -> Int { packed1(block) + packedSquare }
  var packedOutput: Int { packed1(blocks) }
  /// Adjoints follow in the same order.
  private var forwardCount: Int { packedSize(channels, 4, 9) + 2 * blocks * packedSquare + packedSize(4, channels, 1) }
  var adjointInput: Int { packed + forwardCount }
  func adjoint1(_ block: Int) -> Int { adjointInput + packedSize(4, channels, 9) + 2 * block * packedSquare }
  func adjoint2(_ block: Int) -> Int { adjoint1(block) + packedSquare }
  var adjointOutput: Int { adjoint1(blocks) }
  var packedCount: Int {
    forwardCount + packedSize(4, channels, 9) + 2 * blocks * packedSquare + packedSize(channels, 4, 1)
  }

  /// Brings the weights into the order in which the convolutions read them.
  func pack(
    _ values: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, adjoints: Bool
  ) {
    let w = values + parameters
    let c = Int32(channels)
    holstream_pack(w + inputWeight, c, 4, 9, packed + packedInput)
    holstream_pack(w + outputWeight, 4, c, 1, packed + packedOutput)
    for block in 0..<blocks {
      holstream_pack(w + weight1(block), c, c, 9, packed + packed1(block))
      holstream_pack(w + weight2(block), c, c, 9, packed + packed2(block))
    }
    guard adjoints else { return }
    holstream_pack_adjoint(w + inputWeight, c, 4, 9, packed + adjointInput)
    holstream_pack_adjoint(w + outputWeight, 4, c, 1, packed + adjointOutput)
    for block in 0..<blocks {
      holstream_pack_adjoint(w + weight1(block), c, c, 9, packed + adjoint1(block))
      holstream_pack_adjoint(w + weight2(block), c, c, 9, packed + adjoint2(block))
    }
  }
}
