extension Tape {
  /// A tensor that the caller fills before each replay.
  ///
  /// - Parameter needsGradient: Whether its gradient can be asked for; without, the work for it is saved.
  public mutating func input(_ shape: TensorShape, needsGradient: Bool = true) -> Node {
    append(Leaf(), [], shape: shape, needsGradient: needsGradient)
  }

  /// A tensor that lies in the flat buffer of parameters given to each replay, and its gradient in another.
  ///
  /// - Parameter offset: Floats from the start of the buffer. The same parameter may be recorded several times.
  public mutating func parameter(offset: Int, shape: TensorShape) -> Node {
    precondition(offset >= 0, "Tape.parameter: offset \(offset)")
    parameterCount = max(parameterCount, offset + shape.count)
    return append(
      Leaf(), [], shape: shape, at: TapePlace(value: offset, gradient: offset, isParameter: true))
  }

  /// A tensor whose values are known now.
  public mutating func constant(_ values: [Float], shape: TensorShape) -> Node {
    precondition(values.count == shape.count, "Tape.constant: \(values.count) values for \(shape)")
    return append(ConstantLeaf(values: values), [], shape: shape, needsGradient: false)
  }
}

/// An input or a parameter: nothing is computed.
struct Leaf: TapeOperation {
  func forward(_ pass: TapePass) {}
  func backward(_ pass: TapePass) {}
  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    preconditionFailure("a leaf has no inputs that could change")
  }
}

/// Written once, when a replay is made.
struct ConstantLeaf: TapeOperation {
  let values: [Float]

  func forward(_ pass: TapePass) {}
  func backward(_ pass: TapePass) {}
  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    preconditionFailure("a constant has no inputs that could change")
  }
}
