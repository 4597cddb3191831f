internal import CKernels

extension ResidualNetwork {
  /// Floats of scratch memory that one backward pass needs.
  func backwardScratchCount(_ planes: Planes) -> Int {
    (4 + 3 * channels) * planes.stride + 8 * planes.slack + 32 * channels
      + convolutionScratchCount(planes)
  }

  /// gradients += d(loss)/d(parameters), but for what `finish` adds from the sums; dState += d(loss)/d(state) unless nil.
  ///
  /// - Parameters:
  ///   - dOut: (2L² + 2L) gradient with respect to the network's output.
  ///   - memory: The tape that `forward` filled.
  ///   - sites: One plane, 1 on the sites and 0 on the halo.
  ///   - scratch: `backwardScratchCount` floats.
  ///   - gradients: Gradient of the whole model.
  ///   - sums: Sums for the gradients of weights of the whole model.
  ///   - isFirst: Whether the sums begin with this pass.
  func backward(
    _ dOut: UnsafePointer<Float>, values: UnsafePointer<Float>, packed: UnsafePointer<Float>,
    masks: UnsafePointer<Float>?, planes: Planes, sites: UnsafePointer<Float>, memory: UnsafePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>,
    isFirst: Bool, dState: UnsafeMutablePointer<Float>?
  ) {
    var g = planes.kernel
    let c = Int32(channels)
    let w = values + parameters
    let dw = gradients + parameters
    let start = memory + planes.slack
    func plane(_ index: Int) -> UnsafePointer<Float> { start + index * planes.stride }
    let tape = self.tape
    let hiddenSize = channels * planes.stride + 2 * planes.slack
    let four = scratch + planes.slack
    let dx = four + 4 * planes.stride + 2 * planes.slack
    let dHidden = dx + hiddenSize
    let dConvolved = dHidden + hiddenSize
    let normalisation = dConvolved + channels * planes.stride + planes.slack
    let own = normalisation + 32 * channels

    holstream_extract_backward(&g, dOut, outputScale, four)
    let last = plane(tape.x(blocks))
    holstream_convolve_weights(&g, last, c, 1, four, 4, dw + outputWeight)
    holstream_sum_planes(&g, four, 4, dw + outputBias)
    holstream_convolve(&g, four, 4, 1, packed + adjointOutput, nil, nil, dHidden, c)
    holstream_tanh_backward(&g, sites, dHidden, last, c, dx)

    for block in (0..<blocks).reversed() {
      let hidden1 = plane(tape.hidden1(block))
      let hidden2 = plane(tape.hidden2(block))
      let statistics = plane(tape.statistics(block))
      addWeightGradient(
        &g, hidden2, inputs: channels, dy: dx, dw: dw + weight2(block), sums: sums + sums2(block), isFirst: isFirst,
        scratch: own)
      holstream_sum_planes(&g, dx, c, dw + bias2(block))
      holstream_fill_halo(&g, dx, c)
      convolve(
        &g, dx, inputs: channels, packed: packed + adjoint2(block), bias: nil, add: nil, into: dHidden,
        outputs: channels, scratch: own)
      holstream_normalise_tanh_backward(
        &g, sites, dHidden, hidden2, masks.map { $0 + block * channels }, plane(tape.convolved(block)),
        statistics + 2 * planes.stride, statistics + 3 * planes.stride, w + gamma2(block), c, nil, dConvolved,
        dw + gamma2(block), dw + beta2(block), normalisation)
      addWeightGradient(
        &g, hidden1, inputs: channels, dy: dConvolved, dw: dw + weight1(block), sums: sums + sums1(block),
        isFirst: isFirst,
        scratch: own)
      holstream_sum_planes(&g, dConvolved, c, dw + bias1(block))
      holstream_fill_halo(&g, dConvolved, c)
      convolve(
        &g, dConvolved, inputs: channels, packed: packed + adjoint1(block), bias: nil, add: nil, into: dHidden,
        outputs: channels, scratch: own)
      holstream_normalise_tanh_backward(
        &g, sites, dHidden, hidden1, nil, plane(tape.x(block)), statistics, statistics + planes.stride,
        w + gamma1(block), c, dx, dx, dw + gamma1(block), dw + beta1(block), normalisation)
    }
    holstream_tanh_backward(&g, sites, dx, plane(tape.x(0)), c, dx)
    addWeightGradient(
      &g, plane(tape.input), inputs: 4, dy: dx, dw: dw + inputWeight, sums: sums + sumsInput, isFirst: isFirst,
      scratch: own)
    holstream_sum_planes(&g, dx, c, dw + inputBias)
    if let dState {
      holstream_fill_halo(&g, dx, c)
      convolve(
        &g, dx, inputs: channels, packed: packed + adjointInput, bias: nil, add: nil, into: four, outputs: 4,
        scratch: own)
      holstream_embed_backward(&g, four, inputScale, dState)
    }
  }
}
