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
  ///   - crew: The cores that share this one pass; nil for one.
  func forward(
    _ state: UnsafePointer<Float>, values: UnsafePointer<Float>, packed: UnsafePointer<Float>,
    masks: UnsafePointer<Float>?, planes: Planes, memory: UnsafeMutablePointer<Float>,
    scratch: UnsafeMutablePointer<Float>, add: UnsafePointer<Float>?, out: UnsafeMutablePointer<Float>,
    crew: Crew? = nil
  ) {
    var g = planes.kernel
    let output = scratch + planes.slack
    let pass = ForwardPass(
      network: self, w: values + parameters, packed: packed, masks: masks, tape: memory + planes.slack, output: output,
      geometry: g, scratch: output + 4 * planes.stride + planes.slack)
    holstream_embed(&g, state, inputScale, memory + planes.slack)
    pass.run(crew: crew)
    holstream_extract(&g, output, outputScale, add, out)
  }
}
