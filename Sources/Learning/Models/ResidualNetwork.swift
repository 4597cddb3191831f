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
  /// First float of the network's sums for the gradients of weights.
  let sums: Int
  let order: Planes.Order
  /// Whether the packed weights are also there for the backward pass.
  let hasAdjoints: Bool
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

  init(
    configuration: ModelConfiguration, index: Int, order: Planes.Order, hasAdjoints: Bool, parameters: Int,
    packed: Int, sums: Int
  ) {
    channels = configuration.channels
    blocks = configuration.blocks
    self.parameters = parameters
    self.packed = packed
    self.sums = sums
    self.order = order
    self.hasAdjoints = hasAdjoints
    inputScale = configuration.networkScales[index].input.map { 1 / $0 }
    outputScale = configuration.networkScales[index].output
  }

  /// The networks of a model, one after the other in all vectors.
  static func networks(
    of configuration: ModelConfiguration, order: Planes.Order, hasAdjoints: Bool
  ) -> [ResidualNetwork] {
    var networks: [ResidualNetwork] = []
    for index in configuration.networkNames.indices {
      networks.append(
        ResidualNetwork(
          configuration: configuration, index: index, order: order, hasAdjoints: hasAdjoints,
          parameters: networks.last.map { $0.parameters + $0.parameterCount } ?? 0,
          packed: networks.last.map { $0.packed + $0.packedCount } ?? 0,
          sums: networks.last.map { $0.sums + $0.sumsCount } ?? 0))
    }
    return networks
  }
}
