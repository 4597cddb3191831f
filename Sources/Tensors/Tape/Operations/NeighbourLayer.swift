internal import CKernels

extension Tape {
  /// What lies behind a layer, of those whose slope follows from their value.
  public enum LayerFunction: Sendable { case none, tanh, relu }

  /// One layer of a graph network on a lattice, in one go: y_i = f(W_sᵀ x_i + W_nᵀ ⟨x⟩_i + b), ⟨x⟩_i the mean over the
  /// nearest neighbours.
  ///
  /// - Parameters:
  ///   - x: (batch, sites, inputs).
  ///   - extent: [sites] of a ring, [rows, columns] of a square.
  ///   - own: (inputs, outputs), W_s.
  ///   - neighbours: (inputs, outputs), W_n.
  ///   - bias: (outputs), or nil for none.
  /// - Returns: (batch, sites, outputs).
  public mutating func neighbourLayer(
    _ x: Node, on extent: [Int], own: Node, neighbours: Node, bias: Node?, function: LayerFunction = .none
  ) -> Node {
    let n = own.shape.last
    precondition(
      own.shape == TensorShape([x.shape.last, n]) && neighbours.shape == own.shape
        && (bias.map { $0.shape == TensorShape([n]) } ?? true),
      "Tape.neighbourLayer: weights \(own.shape) and \(neighbours.shape) for \(x.shape)")
    let operation = NeighbourLayer(
      lattice: TapeLattice(x, extent, "neighbourLayer"), outputs: n, hasBias: bias != nil, function: function)
    return record(operation, [x, own, neighbours] + (bias.map { [$0] } ?? []), shape: x.shape.withLast(n))
  }
}

/// Some sites at a time, so that what they need stays in the nearest cache: mean, both products, bias and function.
struct NeighbourLayer: TapeOperation {
  let lattice: TapeLattice
  let outputs: Int
  let hasBias: Bool
  let function: Tape.LayerFunction

  private var inputs: Int { lattice.channels }
  /// Sites at a time: few where the channels are few, and many where the weights must be read from afar.
  private var block: Int { min(lattice.sites, max(64, min(512, max(inputs, outputs)))) }
  /// The means, which backward needs again.
  var savedCount: Int { lattice.batch * lattice.sites * inputs }
  /// Of one sample: gradients before the function for a block, and of the means for all sites.
  var scratchCount: Int { block * outputs + lattice.sites * inputs }

  func forward(_ pass: TapePass) {
    let (k, n, sites) = (inputs, outputs, lattice.sites)
    for sample in 0..<lattice.batch {
      let x = pass.input(0) + sample * sites * k
      for first in stride(from: 0, to: sites, by: block) {
        let range = first..<min(first + block, sites)
        let mean = pass.saved + (sample * sites + first) * k
        let y = pass.value + (sample * sites + first) * n
        lattice.mean(x, into: mean, range, channels: k)
        if hasBias {
          let bias = pass.input(3)
          for row in 0..<range.count { (y + row * n).update(from: bias, count: n) }
        }
        Self.multiply(x + first * k, pass.input(1), into: y, m: range.count, k: k, n: n, accumulate: hasBias)
        Self.multiply(mean, pass.input(2), into: y, m: range.count, k: k, n: n, accumulate: true)
        if let code { holstream_tape_function(code, y, y, range.count * n) }
      }
    }
  }

  /// With dz = dy f': dW_s += xᵀ dz, dW_n += ⟨x⟩ᵀ dz, db += Σ dz, dx += dz W_sᵀ + ⟨dz W_nᵀ⟩.
  func backward(_ pass: TapePass) {
    let (k, n, sites) = (inputs, outputs, lattice.sites)
    let (dx, dOwn, dAround) = (pass.inputGradient(0), pass.inputGradient(1), pass.inputGradient(2))
    let bias = hasBias ? pass.inputGradient(3) : nil
    let around = pass.scratch + block * n
    for sample in 0..<lattice.batch {
      let x = pass.input(0) + sample * sites * k
      for first in stride(from: 0, to: sites, by: block) {
        let count = min(block, sites - first)
        let at = sample * sites + first
        var dz = pass.gradient + at * n
        if let code {
          holstream_tape_function_adjoint(code, pass.value + at * n, dz, pass.scratch, count * n)
          dz = UnsafePointer(pass.scratch)
        }
        if let bias { holstream_tape_accumulate_rows(1, dz, bias, count, n) }
        if let dOwn {
          Self.multiply(x + first * k, transposingA: true, dz, into: dOwn, m: k, k: count, n: n, accumulate: true)
        }
        if let dAround {
          Self.multiply(
            pass.saved + at * k, transposingA: true, dz, into: dAround, m: k, k: count, n: n, accumulate: true)
        }
        guard let dx else { continue }
        Self.multiply(
          dz, pass.input(1), transposingB: true, into: dx + at * k, m: count, k: n, n: k, accumulate: true)
        Self.multiply(
          dz, pass.input(2), transposingB: true, into: around + first * k, m: count, k: n, n: k, accumulate: false)
      }
      if let dx { lattice.mean(around, into: dx + sample * sites * k, 0..<sites, channels: k, accumulate: true) }
    }
  }

  /// c ← op(a) op(b), or c += op(a) op(b), by the tape's own product whatever the size: the sites come in blocks, for which
  /// it is as fast as the library where that knows the processor, and several times faster where it does not.
  private static func multiply(
    _ a: UnsafePointer<Float>, transposingA: Bool = false, _ b: UnsafePointer<Float>, transposingB: Bool = false,
    into c: UnsafeMutablePointer<Float>, m: Int, k: Int, n: Int, accumulate: Bool
  ) {
    holstream_tape_product(a, transposingA ? 1 : 0, b, transposingB ? 1 : 0, c, m, k, n, accumulate ? 1 : 0)
  }

  private var code: Int32? {
    switch function {
    case .none: nil
    case .tanh: ElementwiseFunction.Kind.tanh.rawValue
    case .relu: ElementwiseFunction.Kind.relu.rawValue
    }
  }

  /// The change before the function, times its slope.
  func tangent(on tape: inout Tape, of y: Tape.Node, inputs x: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    var change = tangents[0].map {
      tape.neighbourLayer($0, on: lattice.extent, own: x[1], neighbours: x[2], bias: nil)
    }
    if let own = tangents[1] { change = tape.sum(change, tape.matmul(x[0], own)) }
    if let around = tangents[2] {
      change = tape.sum(change, tape.matmul(tape.neighbourMean(x[0], on: lattice.extent), around))
    }
    if hasBias, let bias = tangents[3] { change = tape.sum(change, tape.repeated(bias, to: y.shape)) }
    switch function {
    case .none: return change!
    case .tanh: return tape.multiply(change!, tape.affine(tape.multiply(y, y), scale: -1, shift: 1))
    case .relu: return tape.multiply(change!, tape.apply(.step, y))
    }
  }
}
