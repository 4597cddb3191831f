internal import CKernels

extension ResidualNetwork {
  /// Floats of scratch memory that one backward pass needs.
  func backwardScratchCount(_ planes: Planes) -> Int {
    (4 + 3 * channels) * planes.stride + 8 * planes.slack + 32 * channels
  }

  /// gradients += d(loss)/d(parameters); dState += d(loss)/d(state) unless nil.
  ///
  /// - Parameters:
  ///   - dOut: (2L² + 2L) gradient with respect to the network's output.
  ///   - memory: The tape that `forward` filled.
  ///   - sites: One plane, 1 on the sites and 0 on the halo.
  ///   - scratch: `backwardScratchCount` floats.
  ///   - gradients: Gradient of the whole model.
  func backward(
    _ dOut: UnsafePointer<Float>, values: UnsafePointer<Float>, packed: UnsafePointer<Float>,
    masks: UnsafePointer<Float>?, planes: Planes, sites: UnsafePointer<Float>, memory: UnsafePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, gradients: UnsafeMutablePointer<Float>, dState: UnsafeMutablePointer<Float>?
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
    let sums = dConvolved + channels * planes.stride + planes.slack

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
      holstream_convolve_weights(&g, hidden2, c, 9, dx, c, dw + weight2(block))
      holstream_sum_planes(&g, dx, c, dw + bias2(block))
      holstream_fill_halo(&g, dx, c)
      holstream_convolve(&g, dx, c, 9, packed + adjoint2(block), nil, nil, dHidden, c)
      holstream_normalise_tanh_backward(
        &g, sites, dHidden, hidden2, masks.map { $0 + block * channels }, plane(tape.convolved(block)),
        statistics + 2 * planes.stride, statistics + 3 * planes.stride, w + gamma2(block), c, nil, dConvolved,
        dw + gamma2(block), dw + beta2(block), sums)
      holstream_convolve_weights(&g, hidden1, c, 9, dConvolved, c, dw + weight1(block))
      holstream_sum_planes(&g, dConvolved, c, dw + bias1(block))
      holstream_fill_halo(&g, dConvolved, c)
      holstream_convolve(&g, dConvolved, c, 9, packed + adjoint1(block), nil, nil, dHidden, c)
      holstream_normalise_tanh_backward(
        &g, sites, dHidden, hidden1, nil, plane(tape.x(block)), statistics, statistics + planes.stride,
        w + gamma1(block), c, dx, dx, dw + gamma1(block), dw + beta1(block), sums)
    }
    holstream_tanh_backward(&g, sites, dx, plane(tape.x(0)), c, dx)
    holstream_convolve_weights(&g, plane(tape.input), 4, 9, dx, c, dw + inputWeight)
    holstream_sum_planes(&g, dx, c, dw + inputBias)
    if let dState {
      holstream_fill_halo(&g, dx, c)
      holstream_convolve(&g, dx, c, 9, packed + adjointInput, nil, nil, four, 4)
      holstream_embed_backward(&g, four, inputScale, dState)
    }
  }
}
