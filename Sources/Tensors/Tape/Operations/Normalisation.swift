internal import CKernels

extension Tape {
  /// (x - mean) / √(variance + ε) over the last axis.
  public mutating func normalise(_ x: Node, epsilon: Float = 1e-5) -> Node {
    record(Normalisation(rows: x.shape.rows, width: x.shape.last, epsilon: epsilon), [x], shape: x.shape)
  }

  /// Layer normalisation: γ · normalise(x) + β, both as long as the last axis.
  public mutating func layerNorm(_ x: Node, gamma: Node, beta: Node, epsilon: Float = 1e-5) -> Node {
    add(multiply(normalise(x, epsilon: epsilon), gamma), beta)
  }
}

/// y = (x - μ) r, r = 1 / √(σ² + ε), for each row.
struct Normalisation: TapeOperation {
  let rows, width: Int
  let epsilon: Float

  /// r.
  var savedCount: Int { rows }

  func forward(_ pass: TapePass) {
    holstream_tape_normalise(pass.input(0), epsilon, pass.value, pass.saved, rows, width)
  }

  /// dx += r (dy - <dy> - y <dy y>).
  func backward(_ pass: TapePass) {
    guard let dx = pass.inputGradient(0) else { return }
    holstream_tape_normalise_backward(pass.gradient, pass.value, pass.saved, dx, rows, width)
  }

  /// dy = r (dx - <dx> - y <dx y>): the Jacobian is symmetric. r is recorded anew, as it depends on x.
  func tangent(on tape: inout Tape, of y: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    let axis = y.shape.rank - 1
    let dx = tangents[0]!
    let centred = tape.subtract(inputs[0], tape.rowMean(inputs[0]))
    let variance = tape.mean(tape.multiply(centred, centred), axis: axis)
    let r = tape.reciprocalSqrt(tape.affine(variance, scale: 1, shift: epsilon))
    let along = tape.multiply(y, tape.rowMean(tape.multiply(dx, y)))
    let change = tape.subtract(tape.subtract(dx, tape.rowMean(dx)), along)
    return tape.multiply(change, tape.expand(r, axis: axis, count: width))
  }
}

extension Tape {
  /// The mean over the last axis at each of its elements.
  fileprivate mutating func rowMean(_ x: Node) -> Node {
    let axis = x.shape.rank - 1
    return expand(mean(x, axis: axis), axis: axis, count: x.shape.last)
  }
}
