extension Tape {
  /// The same elements in the same order under another shape; costs nothing, both share their memory.
  public mutating func reshape(_ x: Node, to shape: TensorShape) -> Node {
    precondition(x.shape.count == shape.count, "Tape.reshape: \(x.shape) has not as many elements as \(shape)")
    return append(Reshape(), [x], shape: shape, at: entries[index(of: x)].place)
  }
}

struct Reshape: TapeOperation {
  func forward(_ pass: TapePass) {}
  func backward(_ pass: TapePass) {}
  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    tape.reshape(tangents[0]!, to: output.shape)
  }
}
