internal import Tensors
internal import Trajectories

/// Rollouts of a network by replaying its recording. All memory is taken once.
final class TapePredictor: ChangePredictor {
  let layout: StateLayout
  private let replay: TapeReplay
  private let change: Tape.Node
  private let state: UnsafeMutablePointer<Float>
  private let changes: UnsafeMutablePointer<Float>
  /// Shared with the model.
  private let parameters: [Float]

  init(_ step: TapeStep, parameters: [Float]) {
    layout = step.embedding.layout
    self.parameters = parameters
    var tape = Tape()
    let scales = step.constants(on: &tape)
    let start = tape.input([1, step.size], needsGradient: false)
    change = step.recordChange(start, scales, masks: nil, on: &tape)
    replay = TapeReplay(tape)
    state = replay.values(of: start).baseAddress!
    changes = replay.values(of: change).baseAddress!
  }

  private func run(_ values: UnsafePointer<Float>) {
    state.update(from: values, count: layout.count)
    parameters.withUnsafeBufferPointer { replay.forward(parameters: $0.baseAddress!, to: change) }
  }

  func writeChange(of state: UnsafePointer<Float>, to change: UnsafeMutablePointer<Float>) {
    run(state)
    change.update(from: changes, count: layout.count)
  }

  func advance(_ state: inout State<Float>) {
    precondition(
      state.values.count == layout.count, "TapePredictor: made for \(layout.summary), got \(state.layout.summary)")
    state.values.withUnsafeMutableBufferPointer { values in
      run(values.baseAddress!)
      for k in 0..<layout.count { values[k] += changes[k] }
    }
  }
}
