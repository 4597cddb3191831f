internal import Tensors

extension TrainingWindow {
  /// The same motion on a ring that is turned by `shift` sites and, if asked for, seen in a mirror: site i of the
  /// result is site `shift` + i, or `shift` − i. Both are symmetries of a lattice without disorder.
  public func transformed(shift: Int, reflected: Bool) -> TrainingWindow {
    let sites = self.sites
    let source = (0..<sites).map { i in
      let site = (reflected ? shift - i : shift + i) % sites
      return site < 0 ? site + sites : site
    }
    func transform(_ states: [Float]) -> [Float] {
      var result = states
      for frame in 0..<(states.count / stateSize) {
        let at = frame * stateSize
        for i in 0..<sites {
          for j in 0..<sites {
            let (to, from) = (at + 2 * (i * sites + j), at + 2 * (source[i] * sites + source[j]))
            result[to] = states[from]
            result[to + 1] = states[from + 1]
          }
          let vector = at + 2 * sites * sites
          result[vector + i] = states[vector + source[i]]
          result[vector + sites + i] = states[vector + sites + source[i]]
        }
      }
      return result
    }
    return TrainingWindow(
      unchecked: self, values: transform(values), rates: rates.map(transform))
  }
}

extension TrainingBatch {
  /// The batch with every sample turned or mirrored at random, as a function of seed and step.
  ///
  /// Circular convolutions commute with translations, so that for the networks here only the mirror makes a difference
  /// (a test shows it); other families may gain from both.
  public func augmented(seed: UInt64, step: Int, by symmetries: SymmetryAugmentation = .all) -> TrainingBatch {
    let transformed = samples.enumerated().map { index, sample in
      var random = CounterRandom(seed: seed, purpose: .augmentation, trajectory: UInt64(index), step: UInt64(step))
      let shift = Int(random.next() % UInt64(sites))
      let isMirrored = random.next() % 2 == 1
      return TrainingSample(
        sample.window.part(sample.offset..<(sample.offset + steps)).transformed(
          shift: symmetries.translations ? shift : 0, reflected: symmetries.reflections && isMirrored))
    }
    return TrainingBatch(unchecked: transformed, steps: steps)
  }
}

extension RandomPurpose {
  /// Random symmetries of training samples.
  static let augmentation = RandomPurpose(rawValue: 21)
}
