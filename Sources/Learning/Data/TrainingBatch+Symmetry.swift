internal import Tensors
public import Trajectories

extension TrainingWindow {
  /// The image of the same motion under a symmetry of the system.
  public func transformed(by symmetry: Permutation) -> TrainingWindow {
    let size = layout.count
    precondition(symmetry.source.count == size, "\(symmetry.name) is of \(symmetry.source.count) numbers, not \(size)")
    func transform(_ states: [Float]) -> [Float] {
      var result = states
      for at in stride(from: 0, to: states.count, by: size) {
        for (k, source) in symmetry.source.enumerated() { result[at + k] = states[at + source] }
        guard let signs = symmetry.signs else { continue }
        for k in 0..<size where signs[k] { result[at + k].negate() }
      }
      return result
    }
    return TrainingWindow(unchecked: self, values: transform(values), tendencies: tendencies.map(transform))
  }
}

extension TrainingBatch {
  /// The batch with every sample moved by a symmetry at random, as a function of seed and step.
  ///
  /// Circular convolutions commute with translations, so that for the networks here only the mirror makes a difference
  /// (a test shows it); other families may gain from both.
  public func augmented(seed: UInt64, step: Int, by symmetries: SymmetryGroup) -> TrainingBatch {
    let transformed = samples.enumerated().map { index, sample in
      var random = CounterRandom(seed: seed, purpose: .augmentation, trajectory: UInt64(index), step: UInt64(step))
      let part = sample.window.part(sample.offset..<(sample.offset + steps))
      return TrainingSample(symmetries.draw { random.next() }.map { part.transformed(by: $0) } ?? part)
    }
    return TrainingBatch(unchecked: transformed, steps: steps)
  }
}

extension RandomPurpose {
  /// Random symmetries of training samples.
  static let augmentation = RandomPurpose(rawValue: 21)
}
