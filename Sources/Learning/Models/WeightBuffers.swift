internal import CKernels
internal import Tensors

/// The weights and AdamW's moments where kernels reach them: what every backend in memory keeps.
final class WeightBuffers {
  let count: Int
  let values: FloatBuffer
  private let firstMoments: FloatBuffer
  private let secondMoments: FloatBuffer

  init(_ parameters: [Float]) {
    count = parameters.count
    values = FloatBuffer(count: count)
    values.assign(parameters)
    firstMoments = FloatBuffer(count: count)
    secondMoments = FloatBuffer(count: count)
  }

  /// One step of AdamW along a gradient of all parameters.
  func update(_ step: AdamW, along gradient: UnsafePointer<Float>) {
    holstream_adamw(
      values.pointer, gradient, firstMoments.pointer, secondMoments.pointer, count, step.clip, step.rate, step.beta1,
      step.beta2, step.correction1, step.correction2, step.epsilon, step.decay)
  }

  func read() -> Weights {
    Weights(parameters: values.array(), firstMoments: firstMoments.array(), secondMoments: secondMoments.array())
  }

  func write(_ weights: Weights) {
    values.assign(weights.parameters)
    firstMoments.assign(weights.firstMoments)
    secondMoments.assign(weights.secondMoments)
  }
}
