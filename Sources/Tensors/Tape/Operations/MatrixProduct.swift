extension Tape {
  /// a b, or a bᵀ, over the last axis of a.
  ///
  /// - Parameters:
  ///   - a: (..., k); all axes but the last are rows of one matrix.
  ///   - b: (k, n), or (n, k) where `transposed`, the order of PyTorch's linear layers.
  /// - Returns: (..., n).
  public mutating func matmul(_ a: Node, _ b: Node, transposed: Bool = false) -> Node {
    precondition(
      b.shape.rank == 2 && b.shape.axes[transposed ? 1 : 0] == a.shape.last,
      "Tape.matmul: \(a.shape) and \(b.shape)\(transposed ? " transposed" : "") do not fit")
    let n = b.shape.axes[transposed ? 0 : 1]
    let operation = MatrixProduct(m: a.shape.rows, k: a.shape.last, n: n, transposed: transposed)
    return record(operation, [a, b], shape: a.shape.withLast(n))
  }
}

/// c (m, n) = a (m, k) op(b) (k, n).
struct MatrixProduct: TapeOperation {
  let m, k, n: Int
  let transposed: Bool

  func forward(_ pass: TapePass) {
    BLAS.multiply(
      pass.input(0), pass.input(1), transposingB: transposed, into: pass.value, m: m, k: k, n: n, accumulate: false)
  }

  /// da += dc op(b)ᵀ; db += aᵀ dc, or dcᵀ a where b is transposed.
  func backward(_ pass: TapePass) {
    let dc = pass.gradient
    if let da = pass.inputGradient(0) {
      BLAS.multiply(dc, pass.input(1), transposingB: !transposed, into: da, m: m, k: n, n: k, accumulate: true)
    }
    guard let db = pass.inputGradient(1) else { return }
    if transposed {
      BLAS.multiply(dc, transposingA: true, pass.input(0), into: db, m: n, k: m, n: k, accumulate: true)
    } else {
      BLAS.multiply(pass.input(0), transposingA: true, dc, into: db, m: k, k: m, n: n, accumulate: true)
    }
  }

  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    let first = tangents[0].map { tape.matmul($0, inputs[1], transposed: transposed) }
    let second = tangents[1].map { tape.matmul(inputs[0], $0, transposed: transposed) }
    return tape.sum(first, second)
  }
}
