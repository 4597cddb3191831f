internal import CKernels

extension ResidualNetwork {
  /// Floats of the transformed input of any convolution.
  func transformedCount(_ g: inout holstream_planes) -> Int {
    let compact: Int32 = transformsWeightsOnTheWay ? 1 : 0
    return max(
      holstream_winograd_planes_count(&g, Int32(channels), compact), holstream_winograd_planes_count(&g, 4, compact))
  }

  /// Floats that one worker needs beside it.
  func productCount(_ g: inout holstream_planes) -> Int {
    let compact: Int32 = transformsWeightsOnTheWay ? 1 : 0
    return max(
      holstream_winograd_product_count(&g, Int32(channels), compact), holstream_winograd_product_count(&g, 4, compact))
  }

  /// Floats of scratch memory that the convolutions of one pass need.
  func convolutionScratchCount(_ planes: Planes, workers: Int = 1) -> Int {
    guard order == .lanes else { return 0 }
    var g = planes.kernel
    return max(
      transformedCount(&g) + workers * productCount(&g), holstream_winograd_weights_count(&g, Int32(max(channels, 4))))
  }

  /// y = add + bias + w ∗ x, x with a periodic halo.
  func convolve(
    _ g: inout holstream_planes, _ x: UnsafePointer<Float>, inputs: Int, packed: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, add: UnsafePointer<Float>?, into y: UnsafeMutablePointer<Float>, outputs: Int,
    scratch: UnsafeMutablePointer<Float>
  ) {
    if order == .lanes {
      holstream_winograd_convolve(
        &g, x, Int32(inputs), packed, transformsWeightsOnTheWay ? 1 : 0, bias, add, y, Int32(outputs), scratch)
    } else {
      holstream_convolve(&g, x, Int32(inputs), 9, packed, bias, add, y, Int32(outputs))
    }
  }

  /// Adds the gradient of the weights: in rows to `dw`, in lanes to `sums`, of very large networks by way of `sums`. dy
  /// has a zero halo. With `isFirst` set, `sums` begin anew.
  func addWeightGradient(
    _ g: inout holstream_planes, _ x: UnsafePointer<Float>, inputs: Int, dy: UnsafePointer<Float>,
    dw: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>, isFirst: Bool,
    scratch: UnsafeMutablePointer<Float>
  ) {
    if order == .lanes {
      holstream_winograd_weights(
        &g, x, Int32(inputs), dy, Int32(channels), isFirst || !keepsSums ? 1 : 0, sums, scratch)
      if !keepsSums { holstream_winograd_finish(sums, Int32(inputs), Int32(channels), dw) }
    } else {
      holstream_convolve_weights(&g, x, Int32(inputs), 9, dy, Int32(channels), dw)
    }
  }
}
