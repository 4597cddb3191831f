internal import CKernels

extension Tape {
  /// x W + b over the last axis of x, in one go.
  ///
  /// - Parameters:
  ///   - x: (..., inputs); all axes but the last are rows of one matrix.
  ///   - weight: (inputs, outputs).
  ///   - bias: (outputs).
  /// - Returns: (..., outputs).
  public mutating func linear(_ x: Node, _ weight: Node, bias: Node) -> Node {
    precondition(
      weight.shape.rank == 2 && weight.shape.axes[0] == x.shape.last && bias.shape == TensorShape([weight.shape.last]),
      "Tape.linear: \(x.shape), \(weight.shape) and \(bias.shape) do not fit")
    let n = weight.shape.last
    let operation = DenseLayer(product: MatrixProduct(m: x.shape.rows, k: x.shape.last, n: n, transposed: false))
    return record(operation, [x, weight, bias], shape: x.shape.withLast(n))
  }
}

/// y (m, n) = x (m, k) W (k, n) + b: a product whose sums begin with the bias.
struct DenseLayer: TapeOperation {
  let product: MatrixProduct

  /// Whether the weights of a layer fit into the nearest cache and its outputs into whole vectors, so that
  /// `holstream_tape_layer` takes it.
  static func fits(inputs: Int, outputs: Int) -> Bool {
    inputs * outputs <= 4096 && (outputs % 16 == 0 || (outputs == 1 && inputs % 16 == 0))
  }

  static func repeatRow(_ row: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, rows: Int, _ n: Int) {
    for k in 0..<rows { (y + k * n).update(from: row, count: n) }
  }

  func forward(_ pass: TapePass) {
    let (m, k, n) = (product.m, product.k, product.n)
    if Self.fits(inputs: k, outputs: n) {
      holstream_tape_layer(pass.input(0), nil, pass.input(1), nil, pass.input(2), 0, pass.value, m, k, n)
    } else {
      Self.repeatRow(pass.input(2), into: pass.value, rows: m, n)
      BLAS.multiply(pass.input(0), pass.input(1), into: pass.value, m: m, k: k, n: n, accumulate: true)
    }
  }

  /// That of the product, and db += Σ dy.
  func backward(_ pass: TapePass) {
    product.backward(pass)
    if let db = pass.inputGradient(2) { holstream_tape_accumulate_rows(1, pass.gradient, db, product.m, product.n) }
  }

  func tangent(on tape: inout Tape, of y: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    let change =
      tangents[0] == nil && tangents[1] == nil
      ? nil : product.tangent(on: &tape, of: y, inputs: inputs, tangents: tangents)
    return tape.sum(change, tangents[2].map { tape.repeated($0, to: y.shape) })
  }
}
