internal import Tensors
internal import Trajectories

/// Rollouts of a network by replaying its recording. All memory is taken once.
final class TapePredictor: Predictor {
  let layout: StateLayout
  private let unrolling: TapeUnrolling
  private let replay: TapeReplay
  private let state: UnsafeMutableBufferPointer<Float>
  private let prediction: UnsafeMutableBufferPointer<Float>
  /// Shared with the model.
  private let parameters: [Float]

  init(_ step: TapeStep, parameters: [Float]) {
    layout = step.embedding.layout
    self.parameters = parameters
    unrolling = TapeUnrolling(step, batch: 1, steps: 1)
    replay = TapeReplay(unrolling.tape)
    state = replay.values(of: unrolling.start)
    prediction = replay.values(of: unrolling.predicted)
  }

  func advance(_ state: inout State<Float>) {
    precondition(
      state.values.count == layout.count, "TapePredictor: made for \(layout.summary), got \(state.layout.summary)")
    state.values.withUnsafeMutableBufferPointer { values in
      _ = self.state.update(fromContentsOf: values)
      parameters.withUnsafeBufferPointer { replay.forward(parameters: $0.baseAddress!, to: unrolling.predicted) }
      _ = values.update(fromContentsOf: prediction)
    }
  }
}
