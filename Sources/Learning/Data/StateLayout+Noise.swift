internal import Tensors
public import Trajectories

extension StateLayout {
  /// Adds normal noise to what evolves in a state: what the input of training is disturbed by.
  ///
  /// A complex entry's noise has total variance deviation², half in each part. Neighbouring fields of the same kind are
  /// disturbed in one go, and every go begins with a counter of its own.
  ///
  /// - Parameters:
  ///   - state: (count).
  ///   - sample: Number of the sample in its batch.
  ///   - step: Number of the batch.
  public func addNoise(
    to state: UnsafeMutablePointer<Float>, deviation: Float, seed: UInt64, sample: Int, step: Int
  ) {
    var block = 0
    var index = 0
    while index < fields.count {
      let first = index
      index += 1
      guard fields[first].role == .prognostic else { continue }
      while index < fields.count, fields[index].role == .prognostic,
        fields[index].isComplex == fields[first].isComplex
      { index += 1 }
      let range = range(at: first).lowerBound..<range(at: index - 1).upperBound
      CounterRandom.addNormals(
        to: state + range.lowerBound, count: range.count,
        deviation: fields[first].isComplex ? deviation * Float(0.5).squareRoot() : deviation, seed: seed,
        purpose: .inputNoise, trajectory: UInt64(sample), step: UInt64(step), firstBlock: block)
      block += (range.count + 63) / 64 * 16
    }
  }
}
