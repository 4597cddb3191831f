internal import Tensors

/// Several steps recorded one after the other, each from the state that the one before predicted.
struct TapeUnrolling: Sendable {
  let tape: Tape
  /// (batch, S) the state before the first step.
  let start: Tape.Node
  /// For each step but the first, (batch, S): α times the true state, with teacher forcing; else empty.
  let forced: [Tape.Node]
  /// For each step, (batch, maskCount); empty without dropout.
  let masks: [Tape.Node]
  /// (batch, steps · S) the states after each step.
  let predicted: Tape.Node

  /// - Parameters:
  ///   - teacherForcing: α; the state fed back is α data + (1 − α) prediction.
  ///   - drops: Whether there is dropout, where the network has it.
  init(_ step: TapeStep, batch: Int, steps: Int, teacherForcing: Float = 0, drops: Bool = false) {
    var tape = Tape()
    let scales = step.constants(on: &tape)
    start = tape.input([batch, step.size], needsGradient: false)
    var state = start
    var states: [Tape.Node] = []
    var forced: [Tape.Node] = []
    var masks: [Tape.Node] = []
    for number in 0..<steps {
      if teacherForcing > 0, number > 0 {
        let label = tape.input([batch, step.size], needsGradient: false)
        forced.append(label)
        state = tape.add(tape.scale(state, by: 1 - teacherForcing), label)
      }
      if drops, step.network.maskCount > 0 {
        masks.append(tape.input([batch, step.network.maskCount], needsGradient: false))
      }
      state = step.record(state, scales, masks: masks.last, on: &tape)
      states.append(state)
    }
    predicted = states.count == 1 ? states[0] : tape.concatenate(states)
    self.forced = forced
    self.masks = masks
    self.tape = tape
  }
}
