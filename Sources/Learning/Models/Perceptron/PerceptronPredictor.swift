internal import CKernels
internal import Tensors
internal import Trajectories

/// Rollouts of a perceptron, one state at a time: plain loops over the weights, for a matrix product of one row is
/// bound by reading them. All memory is taken once.
final class PerceptronPredictor: ChangePredictor {
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
    let widths = PerceptronModel.widths(settings, state: layout.count)
    let sizes = zip(widths, widths.dropFirst()).map { (inputs: $0, outputs: $1) }
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

  /// Gives the last layer's numbers.
  private func run(_ state: UnsafePointer<Float>) -> UnsafeMutablePointer<Float> {
    var (x, y) = (scratch.pointer, scratch.pointer + width)
    inputScale.withUnsafeBufferPointer { scale in for k in 0..<layout.count { x[k] = scale[k] * state[k] } }
    for (index, layer) in layers.enumerated() {
      if index > 0 { holstream_tape_function(activation, x, x, layer.inputs) }
      holstream_dense(x, packed.pointer + layer.weight, packed.pointer + layer.bias, y, layer.inputs, layer.stride)
      swap(&x, &y)
    }
    return x
  }

  func writeChange(of state: UnsafePointer<Float>, to change: UnsafeMutablePointer<Float>) {
    let output = run(state)
    outputScale.withUnsafeBufferPointer { scale in for k in 0..<layout.count { change[k] = scale[k] * output[k] } }
  }

  func advance(_ state: inout State<Float>) {
    precondition(
      state.values.count == layout.count,
      "PerceptronPredictor: made for \(layout.summary), got \(state.layout.summary)")
    state.values.withUnsafeMutableBufferPointer { state in
      let output = run(state.baseAddress!)
      outputScale.withUnsafeBufferPointer { scale in for k in 0..<layout.count { state[k] += scale[k] * output[k] } }
    }
  }
}
