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

  /// Offsets of all tensors from `parameters`, in the order of the parameter layout: weight and bias of the input, then
  /// of each block of conv1, conv2, ln1 and ln2, then of the output.
  private let offsets: [Int]
  /// Floats of the network's parameters.
  let parameterCount: Int

  private func block(_ block: Int, _ tensor: Int) -> Int { offsets[2 + 8 * block + tensor] }
  var inputWeight: Int { offsets[0] }
  var inputBias: Int { offsets[1] }
  func weight1(_ block: Int) -> Int { self.block(block, 0) }
  func bias1(_ block: Int) -> Int { self.block(block, 1) }
  func weight2(_ block: Int) -> Int { self.block(block, 2) }
  func bias2(_ block: Int) -> Int { self.block(block, 3) }
  func gamma1(_ block: Int) -> Int { self.block(block, 4) }
  func beta1(_ block: Int) -> Int { self.block(block, 5) }
  func gamma2(_ block: Int) -> Int { self.block(block, 6) }
  func beta2(_ block: Int) -> Int { self.block(block, 7) }
  var outputWeight: Int { block(blocks, 0) }
  var outputBias: Int { block(blocks, 1) }

  private init(
    _ settings: ResidualSettings, tensors: ArraySlice<ParameterTensor>, scales: (input: [Float], output: [Float]),
    order: Planes.Order, hasAdjoints: Bool, packed: Int, sums: Int
  ) {
    channels = settings.channels
    blocks = settings.blocks
    let first = tensors.first!.offset
    parameters = first
    offsets = tensors.map { $0.offset - first }
    parameterCount = tensors.last!.offset + tensors.last!.count - first
    self.packed = packed
    self.sums = sums
    self.order = order
    self.hasAdjoints = hasAdjoints
    inputScale = scales.input.map { 1 / $0 }
    outputScale = scales.output
  }

  /// The networks of a model, one after the other in all vectors.
  ///
  /// - Parameter fields: Names of the matrix and of the two vectors.
  static func networks(
    of configuration: ModelConfiguration, fields: [String], order: Planes.Order, hasAdjoints: Bool
  ) throws -> [ResidualNetwork] {
    let settings = try ResidualSettings(configuration)
    let tensors = try NetworkModel.parameterLayout(configuration).tensors
    let scales = NetworkModel.networkScales(configuration, fields)
    let size = tensors.count / scales.count
    var networks: [ResidualNetwork] = []
    for (index, scales) in scales.enumerated() {
      networks.append(
        ResidualNetwork(
          settings, tensors: tensors[(index * size)..<((index + 1) * size)], scales: scales, order: order,
          hasAdjoints: hasAdjoints, packed: networks.last.map { $0.packed + $0.packedCount } ?? 0,
          sums: networks.last.map { $0.sums + $0.sumsCount } ?? 0))
    }
    return networks
  }
}
