internal import CKernels

extension Tape {
  /// Tensors side by side along the last axis; all other axes are the same.
  public mutating func concatenate(_ parts: [Node]) -> Node {
    precondition(!parts.isEmpty, "Tape.concatenate: no parts")
    let first = parts[0].shape
    precondition(
      parts.allSatisfy { $0.shape.axes.dropLast() == first.axes.dropLast() },
      "Tape.concatenate: \(parts.map(\.shape)) differ in more than the last axis")
    let widths = parts.map(\.shape.last)
    return record(Concatenation(rows: first.rows, widths: widths), parts, shape: first.withLast(widths.reduce(0, +)))
  }

  /// The elements `range` of the last axis.
  public mutating func slice(_ x: Node, _ range: Range<Int>) -> Node {
    precondition(
      !range.isEmpty && range.lowerBound >= 0 && range.upperBound <= x.shape.last,
      "Tape.slice: \(range) of \(x.shape)")
    return record(
      Slice(rows: x.shape.rows, width: x.shape.last, range: range), [x], shape: x.shape.withLast(range.count))
  }
}

struct Concatenation: TapeOperation {
  let rows: Int
  let widths: [Int]
  let width: Int

  init(rows: Int, widths: [Int]) {
    self.rows = rows
    self.widths = widths
    width = widths.reduce(0, +)
  }

  func forward(_ pass: TapePass) {
    var at = 0
    for k in widths.indices {
      holstream_tape_columns(pass.input(k), widths[k], pass.value + at, width, widths[k], rows, 0)
      at += widths[k]
    }
  }

  func backward(_ pass: TapePass) {
    var at = 0
    for k in widths.indices {
      if let dx = pass.inputGradient(k) {
        holstream_tape_columns(pass.gradient + at, width, dx, widths[k], widths[k], rows, 1)
      }
      at += widths[k]
    }
  }

  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    var parts: [Tape.Node] = []
    for (input, tangent) in zip(inputs, tangents) {
      parts.append(tangent ?? tape.constant([Float](repeating: 0, count: input.shape.count), shape: input.shape))
    }
    return tape.concatenate(parts)
  }
}

struct Slice: TapeOperation {
  let rows, width: Int
  let range: Range<Int>

  func forward(_ pass: TapePass) {
    holstream_tape_columns(
      pass.input(0) + range.lowerBound, width, pass.value, range.count, range.count, rows, 0)
  }

  func backward(_ pass: TapePass) {
    guard let dx = pass.inputGradient(0) else { return }
    holstream_tape_columns(pass.gradient, range.count, dx + range.lowerBound, width, range.count, rows, 1)
  }

  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    tape.slice(tangents[0]!, range)
  }
}
