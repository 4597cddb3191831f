internal import CKernels

extension Tape {
  /// scale x + shift.
  public mutating func affine(_ x: Node, scale: Float, shift: Float) -> Node {
    record(Affine(scale: scale, shift: shift, count: x.shape.count), [x], shape: x.shape)
  }

  public mutating func scale(_ x: Node, by factor: Float) -> Node { affine(x, scale: factor, shift: 0) }
}

struct Affine: TapeOperation {
  let scale, shift: Float
  let count: Int

  func forward(_ pass: TapePass) { holstream_tape_affine(pass.input(0), scale, shift, pass.value, count) }

  func backward(_ pass: TapePass) {
    guard let dx = pass.inputGradient(0) else { return }
    holstream_tape_accumulate(scale, pass.gradient, dx, count)
  }

  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    tape.scale(tangents[0]!, by: scale)
  }
}
