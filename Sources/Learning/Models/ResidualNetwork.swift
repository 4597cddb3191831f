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
  /// First float of the network's sums for the gradients of weights.
  let sums: Int
  let order: Planes.Order
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
    configuration: ModelConfiguration, index: Int, order: Planes.Order, parameters: Int, packed: Int, sums: Int
  ) {
    channels = configuration.channels
    blocks = configuration.blocks
    self.parameters = parameters
    self.packed = packed
    self.sums = sums
    self.order = order
    inputScale = configuration.networkScales[index].input.map { 1 / $0 }
    outputScale = configuration.networkScales[index].output
  }

  /// The networks of a model, one after the other in all vectors.
  static func networks(of configuration: ModelConfiguration, order: Planes.Order) -> [ResidualNetwork] {
    var networks: [ResidualNetwork] = []
    for index in configuration.networkNames.indices {
      networks.append(
        ResidualNetwork(
          configuration: configuration, index: index, order: order,
          parameters: networks.last.map { $0.parameters + $0.parameterCount } ?? 0,
          packed: networks.last.map { $0.packed + $0.packedCount } ?? 0,
          sums: networks.last.map { $0.sums + $0.sumsCount } ?? 0))
    }
    return networks
  }
}

// MARK: Packed weights

extension ResidualNetwork {
  /// Whether the weights of large networks are transformed on the way: see `holstream_winograd_multiply`.
  private var isCompact: Bool { channels >= 96 }
  /// Numbers that a 3 × 3 kernel takes when packed: its nine taps, or 36 transformed by Winograd's algorithm.
  private var taps: Int32 { order == .lanes && !isCompact ? 36 : 9 }
  private func packedSize(_ outputs: Int, _ inputs: Int, _ taps: Int32) -> Int {
    holstream_packed_count(Int32(outputs), Int32(inputs), taps)
  }
  private var packedSquare: Int { packedSize(channels, channels, taps) }
  var packedInput: Int { packed }
  func packed1(_ block: Int) -> Int { packed + packedSize(channels, 4, taps) + 2 * block * packedSquare }
  func packed2(_ block: Int) -> Int { packed1(block) + packedSquare }
  var packedOutput: Int { packed1(blocks) }
  /// Adjoints follow in the same order.
  private var forwardCount: Int {
    packedSize(channels, 4, taps) + 2 * blocks * packedSquare + packedSize(4, channels, 1)
  }
  var adjointInput: Int { packed + forwardCount }
  func adjoint1(_ block: Int) -> Int { adjointInput + packedSize(4, channels, taps) + 2 * block * packedSquare }
  func adjoint2(_ block: Int) -> Int { adjoint1(block) + packedSquare }
  var adjointOutput: Int { adjoint1(blocks) }
  var packedCount: Int {
    forwardCount + packedSize(4, channels, taps) + 2 * blocks * packedSquare + packedSize(channels, 4, 1)
  }

  /// Brings the weights into the order in which the convolutions read them.
  func pack(
    _ values: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>, adjoints: Bool
  ) {
    let w = values + parameters
    let c = Int32(channels)
    func pack3x3(_ weight: Int, inputs: Int32, _ forward: Int, _ adjoint: Int) {
      if taps == 36 {
        holstream_winograd_pack(w + weight, c, inputs, packed + forward)
        if adjoints { holstream_winograd_pack_adjoint(w + weight, c, inputs, packed + adjoint) }
      } else {
        holstream_pack(w + weight, c, inputs, 9, packed + forward)
        if adjoints { holstream_pack_adjoint(w + weight, c, inputs, 9, packed + adjoint) }
      }
    }
    pack3x3(inputWeight, inputs: 4, packedInput, adjointInput)
    for block in 0..<blocks {
      pack3x3(weight1(block), inputs: c, packed1(block), adjoint1(block))
      pack3x3(weight2(block), inputs: c, packed2(block), adjoint2(block))
    }
    holstream_pack(w + outputWeight, 4, c, 1, packed + packedOutput)
    if adjoints { holstream_pack_adjoint(w + outputWeight, 4, c, 1, packed + adjointOutput) }
  }
}

// MARK: Sums for the gradients of 3 × 3 weights

extension ResidualNetwork {
  private func sumsSize(_ inputs: Int) -> Int {
    order == .lanes ? holstream_winograd_sums_count(Int32(inputs), Int32(channels)) : 0
  }
  var sumsInput: Int { sums }
  func sums1(_ block: Int) -> Int { sums + sumsSize(4) + 2 * block * sumsSize(channels) }
  func sums2(_ block: Int) -> Int { sums1(block) + sumsSize(channels) }
  /// Floats of the sums; none where the weights' gradients are summed as such.
  var sumsCount: Int { sumsSize(4) + 2 * blocks * sumsSize(channels) }

  /// gradients += the sums, transformed back.
  func finish(_ sums: UnsafePointer<Float>, gradients: UnsafeMutablePointer<Float>) {
    guard order == .lanes else { return }
    let dw = gradients + parameters
    let c = Int32(channels)
    holstream_winograd_finish(sums + sumsInput, 4, c, dw + inputWeight)
    for block in 0..<blocks {
      holstream_winograd_finish(sums + sums1(block), c, c, dw + weight1(block))
      holstream_winograd_finish(sums + sums2(block), c, c, dw + weight2(block))
    }
  }
}

// MARK: The 3 × 3 convolution in either order

extension ResidualNetwork {
  /// Floats of scratch memory that the convolutions of one pass need.
  func convolutionScratchCount(_ planes: Planes, workers: Int = 1) -> Int {
    guard order == .lanes else { return 0 }
    var g = planes.kernel
    let most = Int32(max(channels, 4))
    return max(
      workers * holstream_winograd_convolve_count(&g, most), workers * holstream_winograd_convolve_count(&g, 4),
      holstream_winograd_weights_count(&g, most))
  }

  /// y = add + bias + w ∗ x, x with a periodic halo. Large ones are split among the workers by tiles of the lattice.
  func convolve(
    _ g: inout holstream_planes, _ x: UnsafePointer<Float>, inputs: Int, packed: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, add: UnsafePointer<Float>?, into y: UnsafeMutablePointer<Float>, outputs: Int,
    scratch: UnsafeMutablePointer<Float>, workers: Workers = Workers(count: 1)
  ) {
    guard order == .lanes else {
      holstream_convolve(&g, x, Int32(inputs), 9, packed, bias, add, y, Int32(outputs))
      return
    }
    let compact: Int32 = isCompact ? 1 : 0
    let tiles = Int(g.blocks) / 16
    if workers.count == 1 || inputs * outputs < Self.smallestShared {
      holstream_winograd_convolve(
        &g, x, Int32(inputs), packed, compact, bias, add, y, Int32(outputs), 0, Int32(tiles), scratch)
      return
    }
    let geometry = g
    let own = holstream_winograd_convolve_count(&g, Int32(max(inputs, 4)))
    nonisolated(unsafe) let (x, packed, bias, add, y, scratch) = (x, packed, bias, add, y, scratch)
    workers.split(tiles) { worker, range in
      var g = geometry
      holstream_winograd_convolve(
        &g, x, Int32(inputs), packed, compact, bias, add, y, Int32(outputs), Int32(range.lowerBound),
        Int32(range.upperBound), scratch + worker * own)
    }
  }

  /// Products of channels below which handing work to a second core costs more than it saves.
  static var smallestShared: Int { 4096 }

  /// Calls `body` for parts of the blocks of a plane, one for each worker.
  func shared(
    _ g: inout holstream_planes, workers: Workers, _ body: @Sendable (inout holstream_planes) -> Void
  ) {
    guard workers.count > 1, channels * channels >= Self.smallestShared else { return body(&g) }
    let geometry = g
    workers.split(Int(g.blocks)) { _, range in
      var g = geometry
      g.first += Int32(16 * range.lowerBound)
      g.blocks = Int32(range.count)
      body(&g)
    }
  }

  /// Adds the gradient of the weights: in rows to `dw`, in lanes to `sums`. dy has a zero halo.
  func addWeightGradient(
    _ g: inout holstream_planes, _ x: UnsafePointer<Float>, inputs: Int, dy: UnsafePointer<Float>,
    dw: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    if order == .lanes {
      holstream_winograd_weights(&g, x, Int32(inputs), dy, Int32(channels), sums, scratch)
    } else {
      holstream_convolve_weights(&g, x, Int32(inputs), 9, dy, Int32(channels), dw)
    }
  }
}
