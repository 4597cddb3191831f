internal import CKernels

/// The exponential moving average of a model's weights over the updates of its training.
///
/// a ← β a + (1 − β) w after update t, with β = min(β₀, (1 + t) / (10 + t)), so that the random weights of the beginning
/// are soon forgotten. Each of the last 1 / (1 − β₀) updates or so weighs about the same.
struct WeightAverage {
  /// β₀.
  let keep: Float
  private(set) var values: [Float]

  init(keep: Float, _ values: [Float]) {
    self.keep = keep
    self.values = values
  }

  /// - Parameter update: t, counted from 1.
  mutating func add(_ weights: UnsafePointer<Float>, update: Int) {
    let ramp = Float(Double(1 + update) / Double(10 + update))
    let count = values.count
    values.withUnsafeMutableBufferPointer {
      holstream_average($0.baseAddress!, weights, count, min(keep, ramp))
    }
  }
}
