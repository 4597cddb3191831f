internal import CKernels
internal import Tensors
internal import Trajectories

/// Rollouts of a piecewise linear network, one state at a time. All memory is taken once.
final class PiecewiseLinearPredictor: Predictor {
  let layout: StateLayout
  private let kernel: PiecewiseLinearKernel
  private var net: holstream_plrnn
  private let parameters: [Float]
  private let weights: FloatBuffer
  private let scratch: FloatBuffer
  /// Units, those of the next step behind them.
  private let units: FloatBuffer
  private let scale: [Float]
  private var hasBegun = false

  init(_ layout: StateLayout, _ kernel: PiecewiseLinearKernel, parameters: [Float], scales: FieldScales) {
    self.layout = layout
    self.kernel = kernel
    self.parameters = parameters
    net = kernel.net
    weights = FloatBuffer(count: kernel.packedCount)
    scratch = FloatBuffer(count: kernel.stride)
    units = FloatBuffer(count: 3 * kernel.latent)
    scale = StateEmbedding.spread(scales.states(layout.fields.map(\.name)), over: layout)
    parameters.withUnsafeBufferPointer { kernel.pack($0.baseAddress!, into: weights.pointer) }
  }

  func forget() { hasBegun = false }

  func observe(_ state: State<Float>) { state.values.withUnsafeBufferPointer { take($0.baseAddress!) } }

  /// Puts the true numbers in the place of the observed units and goes one step on.
  private func take(_ state: UnsafePointer<Float>) {
    let (z, next, x) = (units.pointer, units.pointer + kernel.latent, units.pointer + 2 * kernel.latent)
    for k in 0..<kernel.observed { x[k] = state[k] / scale[k] }
    if hasBegun {
      z.update(from: next, count: kernel.latent)
      z.update(from: x, count: kernel.observed)
    } else {
      parameters.withUnsafeBufferPointer { kernel.begin(x, parameters: $0.baseAddress!, into: z) }
      hasBegun = true
    }
    holstream_plrnn_step(&net, weights.pointer, z, next, scratch.pointer)
  }

  func advance(_ state: inout State<Float>) {
    precondition(
      state.values.count == layout.count,
      "PiecewiseLinearPredictor: made for \(layout.summary), got \(state.layout.summary)")
    state.values.withUnsafeMutableBufferPointer { values in
      take(values.baseAddress!)
      for k in 0..<kernel.observed { values[k] = scale[k] * units.pointer[kernel.latent + k] }
    }
  }
}
