internal import CKernels
internal import Tensors
internal import Trajectories

/// Rollouts of a perceptron, one state at a time: plain loops over the weights, for a matrix product of one row is
/// bound by reading them. All memory is taken once.
final class PerceptronPredictor: Predictor {
  let layout: StateLayout
  private let inputScale: [Float]
  private let outputScale: [Float]
  private let activation: Int32
  private let layers: [Layer]
  /// Weights (inputs, stride) and biases (stride) of all layers, rows filled up with zeros to whole vectors.
  private let packed: FloatBuffer
  /// Two layers' numbers.
  private let scratch: FloatBuffer
  private let width: Int

  private struct Layer {
    let inputs: Int
    let stride: Int
    let weight: Int
    var bias: Int { weight + inputs * stride }
  }

  init(_ step: TapeStep, _ settings: PerceptronSettings, parameters: [Float]) {
    layout = step.embedding.layout
    inputScale = step.inputScale
    outputScale = step.outputScale
    switch settings.activation {
    case .gelu: activation = Int32(HOLSTREAM_GELU)
    case .tanh: activation = Int32(HOLSTREAM_TANH)
    case .relu: activation = Int32(HOLSTREAM_RELU)
    }
    let sizes = PerceptronModel.sizes(settings, state: layout.count)
    var layers: [Layer] = []
    var count = 0
    for size in sizes {
      let layer = Layer(inputs: size.inputs, stride: (size.outputs + 15) / 16 * 16, weight: count)
      layers.append(layer)
      count = layer.bias + layer.stride
    }
    self.layers = layers
    packed = FloatBuffer(count: count)
    var from = 0
    for (layer, size) in zip(layers, sizes) {
      // The bias follows the weights as one more row.
      for row in 0...size.inputs {
        for k in 0..<size.outputs {
          packed.pointer[layer.weight + row * layer.stride + k] = parameters[from]
          from += 1
        }
      }
    }
    width = max(layers.map(\.stride).max()!, (layout.count + 15) / 16 * 16)
    scratch = FloatBuffer(count: 2 * width)
  }

  func advance(_ state: inout State<Float>) {
    let size = layout.count
    precondition(
      state.values.count == size, "PerceptronPredictor: made for \(layout.summary), got \(state.layout.summary)")
    var (x, y) = (scratch.pointer, scratch.pointer + width)
    state.values.withUnsafeMutableBufferPointer { state in
      inputScale.withUnsafeBufferPointer { scale in for k in 0..<size { x[k] = scale[k] * state[k] } }
      for (index, layer) in layers.enumerated() {
        if index > 0 { holstream_tape_function(activation, x, x, layer.inputs) }
        holstream_dense(
          x, packed.pointer + layer.weight, packed.pointer + layer.bias, y, layer.inputs, layer.stride)
        swap(&x, &y)
      }
      outputScale.withUnsafeBufferPointer { scale in for k in 0..<size { state[k] += scale[k] * x[k] } }
    }
  }
}
