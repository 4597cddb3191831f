internal import CKernels
internal import Tensors

/// One network applied to one state, stage by stage. Within a stage no part needs another's result, so that parts may
/// run on different cores; a stage ends where a part needs all others: a convolution all channels of its input, a
/// normalisation all channels of a site.
// Unchecked: parts of a stage write to channels of their own, and read what the stages before have written; the crew
// ends a stage before the next begins.
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
  /// `forwardScratchCount` floats, but for the output.
  let scratch: UnsafeMutablePointer<Float>

  /// Channels × channels below which waiting for a second core costs more than it saves.
  private static let smallestShared = 4096

  private var layout: ResidualNetwork.Tape { network.tape }
  private var channels: Int { network.channels }
  private func plane(_ index: Int) -> UnsafeMutablePointer<Float> { tape + index * Int(geometry.stride) }

  /// Whether a second core makes this network faster.
  static func isShared(_ network: ResidualNetwork) -> Bool {
    network.order == .lanes && network.channels * network.channels >= smallestShared
  }

  func run(crew: Crew?) {
    guard let crew, crew.count > 1, Self.isShared(network) else {
      var turns = Crew.Turns.alone
      return run(&turns, parts: 1)
    }
    // More parts than workers, so that one that comes late or is held up takes fewer.
    crew.run { run(&$0, parts: 4 * crew.count) }
  }

  /// The stages in order; each is cut into about `parts`.
  private func run(_ turns: inout Crew.Turns, parts: Int) {
    // x₀ = tanh conv(input).
    convolve(
      plane(layout.input), inputs: 4, packed + network.packedInput, w + network.inputBias, add: nil,
      into: plane(layout.x(0)), thenTanh: true, &turns, parts)
    for block in 0..<network.blocks {
      normalise(
        plane(layout.x(block)), w + network.gamma1(block), w + network.beta1(block), masks: nil,
        statistics: layout.statistics(block), into: plane(layout.hidden1(block)), &turns, parts)
      // conv₁ tanh LN(x), then its normalisation and dropout.
      let convolved = plane(layout.convolved(block))
      convolve(
        plane(layout.hidden1(block)), inputs: channels, packed + network.packed1(block), w + network.bias1(block),
        add: nil, into: convolved, thenTanh: false, &turns, parts)
      normalise(
        convolved, w + network.gamma2(block), w + network.beta2(block), masks: masks.map { $0 + block * channels },
        statistics: layout.statistics(block) + 2, into: plane(layout.hidden2(block)), &turns, parts)
      // x_{k+1} = x_k + conv₂ of that; of the last one, only its tanh is needed.
      convolve(
        plane(layout.hidden2(block)), inputs: channels, packed + network.packed2(block), w + network.bias2(block),
        add: plane(layout.x(block)), into: plane(layout.x(block + 1)), thenTanh: block + 1 == network.blocks, &turns,
        parts)
    }
    turns.share(parts) { part in
      var g = sites(part, of: parts)
      holstream_convolve(
        &g, plane(layout.x(network.blocks)), Int32(channels), 1, packed + network.packedOutput, w + network.outputBias,
        nil, output, 4)
    }
  }

  /// Part of `total` things.
  private func range(_ part: Int, of parts: Int, _ total: Int) -> Range<Int> {
    (part * total / parts)..<((part + 1) * total / parts)
  }

  /// Part of all sites.
  private func sites(_ part: Int, of parts: Int) -> holstream_planes {
    var g = geometry
    let blocks = range(part, of: parts, Int(geometry.blocks))
    g.first += Int32(16 * blocks.lowerBound)
    g.blocks = Int32(blocks.count)
    return g
  }

  /// hidden = s tanh LN(x), with its halo.
  private func normalise(
    _ x: UnsafePointer<Float>, _ gamma: UnsafePointer<Float>, _ beta: UnsafePointer<Float>,
    masks: UnsafePointer<Float>?, statistics: Int, into hidden: UnsafeMutablePointer<Float>, _ turns: inout Crew.Turns,
    _ parts: Int
  ) {
    turns.share(parts) { part in
      var g = sites(part, of: parts)
      holstream_normalise_tanh(
        &g, x, Int32(channels), gamma, beta, masks, plane(statistics), plane(statistics + 1), hidden)
    }
    // Planes in lanes, the only ones that are shared, have no halo.
    var g = geometry
    if network.order == .rows { holstream_fill_halo(&g, hidden, Int32(channels)) }
  }

  /// y = add + bias + w ∗ x, or its tanh.
  private func convolve(
    _ x: UnsafePointer<Float>, inputs: Int, _ packed: UnsafePointer<Float>, _ bias: UnsafePointer<Float>,
    add: UnsafePointer<Float>?, into y: UnsafeMutablePointer<Float>, thenTanh: Bool, _ turns: inout Crew.Turns,
    _ parts: Int
  ) {
    var g = geometry
    guard parts > 1 else {
      network.convolve(
        &g, x, inputs: inputs, packed: packed, bias: bias, add: add, into: y, outputs: channels, scratch: scratch)
      if thenTanh { holstream_tanh(&g, y, Int32(channels), y) }
      return
    }
    let compact: Int32 = network.transformsWeightsOnTheWay ? 1 : 0
    let chunk = Int(holstream_winograd_chunk(&g, Int32(inputs), compact))
    let own = scratch + network.transformedCount(&g) + turns.worker * network.productCount(&g)
    let tiles = Int(g.blocks) / 16
    let rowParts = min(parts, inputs)
    for first in stride(from: 0, to: tiles, by: chunk) {
      let count = Int32(min(chunk, tiles - first))
      turns.share(rowParts) { part in
        var g = geometry
        let rows = range(part, of: rowParts, inputs)
        holstream_winograd_transform(
          &g, x, Int32(inputs), Int32(rows.lowerBound), Int32(rows.upperBound), Int32(first), count, scratch)
      }
      turns.share((channels + 15) / 16) { pair in
        var g = geometry
        holstream_winograd_multiply(
          &g, scratch, Int32(inputs), packed, compact, bias, add, y, Int32(channels), Int32(pair), Int32(pair + 1),
          Int32(first), count, own)
        guard thenTanh, first + chunk >= tiles else { return }
        let finished = y + 16 * pair * Int(g.stride)
        holstream_tanh(&g, finished, Int32(min(16, channels - 16 * pair)), finished)
      }
    }
  }
}
