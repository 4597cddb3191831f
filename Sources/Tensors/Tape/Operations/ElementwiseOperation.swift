internal import CKernels

extension Tape {
  /// x + y. Here and below y may have the last axes of x alone, or one element, and repeats along the rest: a bias.
  public mutating func add(_ x: Node, _ y: Node) -> Node { arithmetic(.add, x, y) }
  /// x - y.
  public mutating func subtract(_ x: Node, _ y: Node) -> Node { arithmetic(.subtract, x, y) }
  /// x y, element by element.
  public mutating func multiply(_ x: Node, _ y: Node) -> Node { arithmetic(.multiply, x, y) }

  private mutating func arithmetic(_ kind: ElementwiseOperation.Kind, _ x: Node, _ y: Node) -> Node {
    precondition(y.shape.isSuffix(of: x.shape), "Tape.\(kind): \(y.shape) is not the end of \(x.shape)")
    let operation = ElementwiseOperation(kind: kind, rows: x.shape.count / y.shape.count, period: y.shape.count)
    return record(operation, [x, y], shape: x.shape)
  }
}

/// z = x ∘ y, y repeated for each of the rows.
struct ElementwiseOperation: TapeOperation {
  enum Kind { case add, subtract, multiply }

  let kind: Kind
  let rows, period: Int

  private var sign: Float { kind == .subtract ? -1 : 1 }

  func forward(_ pass: TapePass) {
    switch kind {
    case .add, .subtract: holstream_tape_add(pass.input(0), pass.input(1), sign, pass.value, rows, period)
    case .multiply: holstream_tape_multiply(pass.input(0), pass.input(1), pass.value, rows, period)
    }
  }

  /// dx += dz, dy += ±Σ dz; for a product dx += dz y, dy += Σ dz x, the sums over the rows.
  func backward(_ pass: TapePass) {
    let dz = pass.gradient
    if let dx = pass.inputGradient(0) {
      switch kind {
      case .add, .subtract: holstream_tape_accumulate(1, dz, dx, rows * period)
      case .multiply: holstream_tape_accumulate_product(dz, pass.input(1), dx, rows, period)
      }
    }
    guard let dy = pass.inputGradient(1) else { return }
    switch kind {
    case .multiply: holstream_tape_accumulate_product_rows(dz, pass.input(0), dy, rows, period)
    case .add, .subtract:
      if rows == 1 {
        holstream_tape_accumulate(sign, dz, dy, period)
      } else {
        holstream_tape_accumulate_rows(sign, dz, dy, rows, period)
      }
    }
  }

  func tangent(on tape: inout Tape, of z: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    let (x, y) = (inputs[0], inputs[1])
    guard kind == .multiply else {
      guard let dy = tangents[1] else { return tangents[0]! }
      guard let dx = tangents[0] else {
        return tape.scale(tape.repeated(dy, to: x.shape), by: sign)
      }
      return kind == .add ? tape.add(dx, dy) : tape.subtract(dx, dy)
    }
    let first = tangents[0].map { tape.multiply($0, y) }
    let second = tangents[1].map { tape.multiply(x, $0) }
    return tape.sum(first, second)
  }
}

extension Tape {
  /// `x`, whose shape is the end of `shape`, as often as that needs.
  mutating func repeated(_ x: Node, to shape: TensorShape) -> Node {
    if x.shape == shape { return x }
    let row = reshape(x, to: [1, x.shape.count])
    return reshape(expand(row, axis: 0, count: shape.count / x.shape.count), to: shape)
  }
}
