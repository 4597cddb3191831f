internal import CKernels
internal import Tensors

/// One network applied to one state, stage by stage. Within a stage no part of the lattice needs another's result, so
/// that parts may run on different cores; a stage ends where a convolution needs its neighbours.
struct ForwardPass: @unchecked Sendable {
  let network: ResidualNetwork
  /// Parameters of the network.
  let w: UnsafePointer<Float>
  /// Packed weights of the whole model.
  let packed: UnsafePointer<Float>
  /// (blocks, C) factors of dropout, or nil for none.
  let masks: UnsafePointer<Float>?
  /// First plane of the tape.
  let tape: UnsafeMutablePointer<Float>
  /// 4 planes.
  let output: UnsafeMutablePointer<Float>
  let geometry: holstream_planes
  let scratch: UnsafeMutablePointer<Float>

  /// A range of tile rows of every lane's block, with scratch memory of its own.
  struct Part {
    var planes: holstream_planes
    var tiles: Range<Int>
    var scratch: UnsafeMutablePointer<Float>
  }

  /// Channels × channels below which handing work to a second core costs more than it saves.
  static let smallestShared = 4096

  private var layout: ResidualNetwork.Tape { network.tape }
  private var channels: Int { network.channels }
  private func plane(_ index: Int) -> UnsafeMutablePointer<Float> { tape + index * Int(geometry.stride) }

  /// The stages in order.
  func run(workers: Workers) {
    forEachPart(workers) { part in enter(&part) }
    for block in 0..<network.blocks {
      fillHalo(layout.hidden1(block))
      forEachPart(workers) { part in convolveOnce(block, &part) }
      fillHalo(layout.hidden2(block))
      forEachPart(workers) { part in convolveAgain(block, &part) }
    }
  }

  private func forEachPart(_ workers: Workers, _ stage: @Sendable (inout Part) -> Void) {
    let edge = Int(geometry.edge)
    if workers.count == 1 || channels * channels < Self.smallestShared || edge < 8 {
      var whole = Part(planes: geometry, tiles: 0..<(edge * edge / 16), scratch: scratch)
      return stage(&whole)
    }
    workers.split(edge / 4) { worker, rows in
      var g = geometry
      let own = holstream_winograd_convolve_count(&g, Int32(channels))
      g.first = Int32(16 * 4 * edge * rows.lowerBound)
      g.blocks = Int32(4 * edge * rows.count)
      var part = Part(
        planes: g, tiles: (rows.lowerBound * edge / 4)..<(rows.upperBound * edge / 4), scratch: scratch + worker * own)
      stage(&part)
    }
  }

  private func fillHalo(_ index: Int) {
    var g = geometry
    holstream_fill_halo(&g, plane(index), Int32(channels))
  }

  // MARK: Stages

  /// x₀ = tanh conv(input), then the first normalisation.
  private func enter(_ part: inout Part) {
    let x = plane(layout.x(0))
    convolve(
      plane(layout.input), inputs: 4, packed + network.packedInput, w + network.inputBias, add: nil, into: x, &part)
    holstream_tanh(&part.planes, x, Int32(channels), x)
    normalise(0, &part)
  }

  /// conv₁ tanh LN(x), then its normalisation and dropout.
  private func convolveOnce(_ block: Int, _ part: inout Part) {
    let convolved = plane(layout.convolved(block))
    convolve(
      plane(layout.hidden1(block)), inputs: channels, packed + network.packed1(block), w + network.bias1(block),
      add: nil, into: convolved, &part)
    let statistics = plane(layout.statistics(block) + 2)
    holstream_normalise_tanh(
      &part.planes, convolved, Int32(channels), w + network.gamma2(block), w + network.beta2(block),
      masks.map { $0 + block * channels }, statistics, statistics + Int(geometry.stride), plane(layout.hidden2(block)))
  }

  /// x_{k+1} = x_k + conv₂ of that, then the next block's normalisation, or the tanh and the 1 × 1 output.
  private func convolveAgain(_ block: Int, _ part: inout Part) {
    let next = plane(layout.x(block + 1))
    convolve(
      plane(layout.hidden2(block)), inputs: channels, packed + network.packed2(block), w + network.bias2(block),
      add: plane(layout.x(block)), into: next, &part)
    guard block + 1 == network.blocks else { return normalise(block + 1, &part) }
    holstream_tanh(&part.planes, next, Int32(channels), next)
    holstream_convolve(
      &part.planes, next, Int32(channels), 1, packed + network.packedOutput, w + network.outputBias, nil, output, 4)
  }

  private func normalise(_ block: Int, _ part: inout Part) {
    let statistics = plane(layout.statistics(block))
    holstream_normalise_tanh(
      &part.planes, plane(layout.x(block)), Int32(channels), w + network.gamma1(block), w + network.beta1(block), nil,
      statistics, statistics + Int(geometry.stride), plane(layout.hidden1(block)))
  }

  private func convolve(
    _ x: UnsafePointer<Float>, inputs: Int, _ packed: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    add: UnsafePointer<Float>?, into y: UnsafeMutablePointer<Float>, _ part: inout Part
  ) {
    // A convolution addresses the whole planes, its tiles say which part.
    var g = geometry
    network.convolve(
      &g, x, inputs: inputs, packed: packed, bias: bias, add: add, into: y, outputs: channels, tiles: part.tiles,
      scratch: part.scratch)
  }
}
