internal import CKernels
internal import Tensors

extension ResidualNetwork {
  /// What the forward pass leaves for the backward pass, in planes from the start of one tape:
  /// input (4), x₀ (C), then for each block tanh LN(x) (C), conv₁ (C), s tanh LN (C), x_{k+1} (C) and the means and
  /// inverse deviations of both normalisations (4). The last x_{k+1} holds its tanh, which is all that is needed of it.
  struct Tape {
    let channels: Int
    let blocks: Int

    var input: Int { 0 }
    func x(_ block: Int) -> Int { block == 0 ? 4 : hidden1(block - 1) + 3 * channels }
    func hidden1(_ block: Int) -> Int { 4 + channels + block * (4 * channels + 4) }
    func convolved(_ block: Int) -> Int { hidden1(block) + channels }
    func hidden2(_ block: Int) -> Int { hidden1(block) + 2 * channels }
    func statistics(_ block: Int) -> Int { hidden1(block) + 4 * channels }
    var planes: Int { hidden1(blocks) }
  }

  var tape: Tape { Tape(channels: channels, blocks: blocks) }

  /// Floats of one tape, with the slack before and after that convolutions may read.
  func tapeCount(_ planes: Planes) -> Int { tape.planes * planes.stride + 2 * planes.slack }

  /// Floats of scratch memory that one forward pass needs.
  func forwardScratchCount(_ planes: Planes, workers: Int = 1) -> Int {
    4 * planes.stride + 2 * planes.slack + convolutionScratchCount(planes, workers: workers)
  }

  /// out = add + network(state).
  ///
  /// - Parameters:
  ///   - state: (2L² + 2L) the input.
  ///   - values: Parameters of the whole model.
  ///   - packed: Packed weights of the whole model.
  ///   - masks: (blocks, C) factors of dropout, or nil for none.
  ///   - memory: `tapeCount` floats, kept for the backward pass.
  ///   - scratch: `forwardScratchCount` floats.
  ///   - out: (2L² + 2L); may be `add`.
  ///   - workers: Cores for this one pass.
  func forward(
    _ state: UnsafePointer<Float>, values: UnsafePointer<Float>, packed: UnsafePointer<Float>,
    masks: UnsafePointer<Float>?, planes: Planes, memory: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, add: UnsafePointer<Float>?, out: UnsafeMutablePointer<Float>,
    workers: Workers = Workers(count: 1)
  ) {
    var g = planes.kernel
    let c = Int32(channels)
    nonisolated(unsafe) let w = values + parameters
    let start = memory + planes.slack
    func plane(_ index: Int) -> UnsafeMutablePointer<Float> { start + index * planes.stride }
    let tape = self.tape
    let output = scratch + planes.slack
    let own = output + 4 * planes.stride + planes.slack

    holstream_embed(&g, state, inputScale, plane(tape.input))
    convolve(
      &g, plane(tape.input), inputs: 4, packed: packed + packedInput, bias: w + inputBias, add: nil,
      into: plane(tape.x(0)), outputs: channels, scratch: own, workers: workers)
    holstream_tanh(&g, plane(tape.x(0)), c, plane(tape.x(0)))
    for block in 0..<blocks {
      nonisolated(unsafe) let x = plane(tape.x(block))
      nonisolated(unsafe) let hidden1 = plane(tape.hidden1(block))
      nonisolated(unsafe) let convolved = plane(tape.convolved(block))
      nonisolated(unsafe) let hidden2 = plane(tape.hidden2(block))
      nonisolated(unsafe) let statistics = plane(tape.statistics(block))
      shared(&g, workers: workers) { g in
        holstream_normalise_tanh(
          &g, x, c, w + gamma1(block), w + beta1(block), nil, statistics, statistics + planes.stride, hidden1)
      }
      holstream_fill_halo(&g, hidden1, c)
      convolve(
        &g, hidden1, inputs: channels, packed: packed + packed1(block), bias: w + bias1(block), add: nil,
        into: convolved, outputs: channels, scratch: own, workers: workers)
      nonisolated(unsafe) let mask = masks.map { $0 + block * channels }
      shared(&g, workers: workers) { g in
        holstream_normalise_tanh(
          &g, convolved, c, w + gamma2(block), w + beta2(block), mask, statistics + 2 * planes.stride,
          statistics + 3 * planes.stride, hidden2)
      }
      holstream_fill_halo(&g, hidden2, c)
      convolve(
        &g, hidden2, inputs: channels, packed: packed + packed2(block), bias: w + bias2(block), add: x,
        into: plane(tape.x(block + 1)), outputs: channels, scratch: own, workers: workers)
    }
    let last = plane(tape.x(blocks))
    holstream_tanh(&g, last, c, last)
    holstream_convolve(&g, last, c, 1, packed + packedOutput, w + outputBias, nil, output, 4)
    holstream_extract(&g, output, outputScale, add, out)
  }
}
