/// One kind of operation: its forward loop, the backward loop beside it, and its tangent.
///
/// To add one, copy a file of `Operations`. Whatever the loops need is in the struct, worked out when it is recorded.
protocol TapeOperation: Sendable {
  /// Floats that forward leaves for backward.
  var savedCount: Int { get }
  /// Floats of scratch that one call needs, with anything in them before and after.
  var scratchCount: Int { get }

  /// Writes the output.
  func forward(_ pass: TapePass)

  /// Adds to the gradients of the inputs; those that nobody wants are nil.
  func backward(_ pass: TapePass)

  /// Records the change of `output` for the changes `tangents` of `inputs`, at least one of which is not nil (not zero).
  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node
}

extension TapeOperation {
  var savedCount: Int { 0 }
  var scratchCount: Int { 0 }
}

extension Tape {
  /// The sum of those that are there.
  mutating func sum(_ nodes: Node?...) -> Node {
    let present = nodes.compactMap { $0 }
    return present.dropFirst().reduce(present[0]) { add($0, $1) }
  }
}
