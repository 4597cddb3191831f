public import Climate
public import Learning
internal import Trajectories

/// The largest Lyapunov exponents of a model.
public enum ModelExponents {
  /// Frames up to which a model's memory is part of its state; the exponent of one with a longer memory is not measured.
  public static let longestMemory = 64

  /// What a model with memory maps is its last frames: two trajectories of it differ in all of them. So its state is these
  /// frames, oldest first, and every step begins with a predictor that is shown them.
  /// - Throws: `LearningError` when the model cannot run on such states.
  public static func exponents(
    of model: any SurrogateModel, _ probe: LyapunovProbe, over truth: RolloutTruth
  ) throws -> [LargestExponent?] {
    let layout = truth.system.layout
    let (memory, size) = (model.memory, layout.count)
    func advance(_ predictor: any Predictor, _ values: some Sequence<Double>) -> [Double] {
      var state = State(layout, Array(values)).single
      predictor.advance(&state)
      return state.double.values
    }
    guard memory > 0 else {
      return try probe.exponents { _ in
        let predictor = try model.predictor(for: layout)
        return { state, _ in advance(predictor, state) }
      }
    }
    let ends = zip(truth.states, probe.starts).map { $0.0.suffix(memory + 1) }
    guard memory <= longestMemory, ends.allSatisfy({ $0.count == memory + 1 }) else {
      return probe.starts.map { _ in nil }
    }
    let extended = LyapunovProbe(
      starts: zip(ends, probe.starts).map { .init(state: $0.flatMap(\.values), time: $1.time) },
      frames: probe.frames, interval: probe.interval)
    return try extended.exponents { _ in
      let predictor = try model.predictor(for: layout)
      return { frames, _ in
        predictor.forget()
        for k in 0..<memory {
          predictor.observe(State(layout, Array(frames[(k * size)..<((k + 1) * size)])).single)
        }
        return frames.dropFirst(size) + advance(predictor, frames.suffix(size))
      }
    }
  }
}
