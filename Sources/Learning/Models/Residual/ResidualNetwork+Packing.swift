internal import CKernels

extension ResidualNetwork {
  /// Whether the weights of large networks are transformed on the way: see `holstream_winograd_multiply`.
  var transformsWeightsOnTheWay: Bool { channels >= 96 }
  /// Numbers that a 3 × 3 kernel takes when packed: its nine taps, or 36 transformed by Winograd's algorithm.
  private var taps: Int32 { order == .lanes && !transformsWeightsOnTheWay ? 36 : 9 }
  private func packedSize(_ outputs: Int, _ inputs: Int, _ taps: Int32) -> Int {
    holstream_packed_count(Int32(outputs), Int32(inputs), taps)
  }
  private var packedSquare: Int { packedSize(channels, channels, taps) }
  var packedInput: Int { packed }
  func packed1(_ block: Int) -> Int { packed + packedSize(channels, 4, taps) + 2 * block * packedSquare }
  func packed2(_ block: Int) -> Int { packed1(block) + packedSquare }
  var packedOutput: Int { packed1(blocks) }
  /// Adjoints follow in the same order, where there are any.
  private var forwardCount: Int {
    packedSize(channels, 4, taps) + 2 * blocks * packedSquare + packedSize(4, channels, 1)
  }
  var adjointInput: Int { packed + forwardCount }
  func adjoint1(_ block: Int) -> Int { adjointInput + packedSize(4, channels, taps) + 2 * block * packedSquare }
  func adjoint2(_ block: Int) -> Int { adjoint1(block) + packedSquare }
  var adjointOutput: Int { adjoint1(blocks) }
  var packedCount: Int {
    forwardCount
      + (hasAdjoints ? packedSize(4, channels, taps) + 2 * blocks * packedSquare + packedSize(channels, 4, 1) : 0)
  }

  /// Brings the weights into the order in which the convolutions read them.
  func pack(_ values: UnsafePointer<Float>, into packed: UnsafeMutablePointer<Float>) {
    let w = values + parameters
    let c = Int32(channels)
    func pack3x3(_ weight: Int, inputs: Int32, _ forward: Int, _ adjoint: Int) {
      if taps == 36 {
        holstream_winograd_pack(w + weight, c, inputs, packed + forward)
        if hasAdjoints { holstream_winograd_pack_adjoint(w + weight, c, inputs, packed + adjoint) }
      } else {
        holstream_pack(w + weight, c, inputs, 9, packed + forward)
        if hasAdjoints { holstream_pack_adjoint(w + weight, c, inputs, 9, packed + adjoint) }
      }
    }
    pack3x3(inputWeight, inputs: 4, packedInput, adjointInput)
    for block in 0..<blocks {
      pack3x3(weight1(block), inputs: c, packed1(block), adjoint1(block))
      pack3x3(weight2(block), inputs: c, packed2(block), adjoint2(block))
    }
    holstream_pack(w + outputWeight, 4, c, 1, packed + packedOutput)
    if hasAdjoints { holstream_pack_adjoint(w + outputWeight, 4, c, 1, packed + adjointOutput) }
  }
}

// MARK: Sums for the gradients of 3 × 3 weights

extension ResidualNetwork {
  private func sumsSize(_ inputs: Int) -> Int {
    order == .lanes ? holstream_winograd_sums_count(Int32(inputs), Int32(channels)) : 0
  }
  /// Whether the sums of every convolution are kept until the batch is through. They take four times the memory of the
  /// weights on every core, which the largest networks should not.
  var keepsSums: Bool { channels < 256 }
  var sumsInput: Int { sums }
  func sums1(_ block: Int) -> Int { keepsSums ? sums + sumsSize(4) + 2 * block * sumsSize(channels) : sums }
  func sums2(_ block: Int) -> Int { keepsSums ? sums1(block) + sumsSize(channels) : sums }
  /// Floats of the sums; none where the weights' gradients are summed as such.
  var sumsCount: Int { keepsSums ? sumsSize(4) + 2 * blocks * sumsSize(channels) : sumsSize(channels) }

  /// gradients += the sums, transformed back.
  func finish(_ sums: UnsafePointer<Float>, gradients: UnsafeMutablePointer<Float>) {
    guard order == .lanes, keepsSums else { return }
    let dw = gradients + parameters
    let c = Int32(channels)
    holstream_winograd_finish(sums + sumsInput, 4, c, dw + inputWeight)
    for block in 0..<blocks {
      holstream_winograd_finish(sums + sums1(block), c, c, dw + weight1(block))
      holstream_winograd_finish(sums + sums2(block), c, c, dw + weight2(block))
    }
  }
}
