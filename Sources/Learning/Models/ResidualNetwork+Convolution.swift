internal import CKernels

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

  /// y = add + bias + w ∗ x, x with a periodic halo; in lanes, for some of the tiles of every block or, with nil, all.
  func convolve(
    _ g: inout holstream_planes, _ x: UnsafePointer<Float>, inputs: Int, packed: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, add: UnsafePointer<Float>?, into y: UnsafeMutablePointer<Float>, outputs: Int,
    tiles: Range<Int>? = nil, scratch: UnsafeMutablePointer<Float>
  ) {
    guard order == .lanes else {
      holstream_convolve(&g, x, Int32(inputs), 9, packed, bias, add, y, Int32(outputs))
      return
    }
    let tiles = tiles ?? 0..<(Int(g.blocks) / 16)
    holstream_winograd_convolve(
      &g, x, Int32(inputs), packed, transformsWeightsOnTheWay ? 1 : 0, bias, add, y, Int32(outputs),
      Int32(tiles.lowerBound), Int32(tiles.upperBound), scratch)
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
