/// A recording of tensor operations: what is computed from what, and where each result lies.
///
/// Recorded once for a shape, as a value; a `TapeReplay` runs it, forward and backward, as often as wanted and without
/// allocation. Several replays may share one recording. Tensors are single precision, row-major, the batch first:
/// ```swift
/// var tape = Tape()
/// let x = tape.input([32, 4])
/// let w = tape.parameter(offset: 0, shape: [4, 3])
/// let b = tape.parameter(offset: 12, shape: [3])
/// let y = tape.tanh(tape.add(tape.matmul(x, w), b))
/// let loss = tape.squaredError(y, tape.input([32, 3], needsGradient: false))
/// ```
/// A shape that does not fit is a mistake of the programmer and traps where it is recorded; a replay checks nothing.
/// A loop is unrolled: an output used as the next input is just more operations. A tape is a value: a copy does not see
/// what is recorded later, so finish recording before it is handed on (`run(tape, tape.sum(x))` hands on the tape
/// without the sum).
public struct Tape: Sendable {
  /// A tensor of one tape; of no use in another.
  public struct Node: Hashable, Sendable {
    let index: Int
    public let shape: TensorShape
  }

  /// One operation and its result.
  struct Entry: Sendable {
    let operation: any TapeOperation
    let inputs: [Int]
    let shape: TensorShape
    let place: TapePlace
  }

  private(set) var entries: [Entry] = []
  /// Floats of the arenas of a replay.
  private(set) var valueCount = 0
  private(set) var gradientCount = 0
  private(set) var scratchCount = 0
  /// Floats of the flat parameter buffer up to the end of the last parameter used.
  public internal(set) var parameterCount = 0

  public init() {}

  /// Appends an operation whose result takes new places in the arenas.
  mutating func record(_ operation: some TapeOperation, _ inputs: [Node], shape: TensorShape) -> Node {
    let needsGradient = inputs.contains { entries[index(of: $0)].place.needsGradient }
    return append(operation, inputs, shape: shape, needsGradient: needsGradient)
  }

  /// Appends an operation with or without room for a gradient.
  mutating func append(
    _ operation: some TapeOperation, _ inputs: [Node], shape: TensorShape, needsGradient: Bool
  ) -> Node {
    let place = TapePlace(
      value: take(shape.count, from: &valueCount),
      gradient: needsGradient ? take(shape.count, from: &gradientCount) : nil,
      saved: take(operation.savedCount, from: &valueCount))
    return append(operation, inputs, shape: shape, at: place)
  }

  /// Appends an operation whose result lies where it is said.
  mutating func append(
    _ operation: some TapeOperation, _ inputs: [Node], shape: TensorShape, at place: TapePlace
  ) -> Node {
    scratchCount = max(scratchCount, operation.scratchCount)
    let inputs = inputs.map { index(of: $0) }
    entries.append(Entry(operation: operation, inputs: inputs, shape: shape, place: place))
    return Node(index: entries.count - 1, shape: shape)
  }

  func index(of node: Node) -> Int {
    precondition(
      node.index < entries.count && entries[node.index].shape == node.shape,
      "Tape: the node is of another tape, or was recorded after this copy of the tape was taken; finish recording first"
    )
    return node.index
  }

  /// Which entries `node` is made from, itself included.
  func ancestors(of node: Node) -> [Bool] {
    var found = [Bool](repeating: false, count: entries.count)
    found[index(of: node)] = true
    for k in stride(from: node.index, through: 0, by: -1) where found[k] {
      for input in entries[k].inputs { found[input] = true }
    }
    return found
  }

  /// Places are whole cache lines.
  private func take(_ count: Int, from total: inout Int) -> Int {
    defer { total += (count + 15) / 16 * 16 }
    return total
  }
}
