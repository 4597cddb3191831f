internal import CKernels
internal import Tensors

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
    let compact: Int32 = transformsWeightsOnTheWay ? 1 : 0
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
