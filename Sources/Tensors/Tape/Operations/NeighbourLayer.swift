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
  private var block: Int { min(lattice.sites, max(60, min(504, max(inputs, outputs) / 12 * 12))) }
  /// Whether all of it goes in one pass.
  private var isFused: Bool { DenseLayer.fits(inputs: inputs, outputs: outputs) }
  /// Means of a block, which cost less to make again than to keep; gradients before the function for a block, and of the
  /// means for all sites of one sample.
  var scratchCount: Int { block * (inputs + outputs) + lattice.sites * inputs }

  func forward(_ pass: TapePass) {
    let (k, n, sites) = (inputs, outputs, lattice.sites)
    for sample in 0..<lattice.batch {
      let x = pass.input(0) + sample * sites * k
      for first in stride(from: 0, to: sites, by: block) {
        let range = first..<min(first + block, sites)
        let mean = pass.scratch
        let y = pass.value + (sample * sites + first) * n
        lattice.mean(x, into: mean, range, channels: k)
        if isFused {
          holstream_tape_layer(
            x + first * k, mean, pass.input(1), pass.input(2), hasBias ? pass.input(3) : nil, function == .relu ? 1 : 0,
            y, range.count, k, n)
          if function == .relu { continue }
        } else {
          if hasBias { DenseLayer.repeatRow(pass.input(3), into: y, rows: range.count, n) }
          BLAS.multiply(x + first * k, pass.input(1), into: y, m: range.count, k: k, n: n, accumulate: hasBias)
          BLAS.multiply(mean, pass.input(2), into: y, m: range.count, k: k, n: n, accumulate: true)
        }
        if let code { holstream_tape_function(code, y, y, range.count * n) }
      }
    }
  }

  /// With dz = dy f': dW_s += xᵀ dz, dW_n += ⟨x⟩ᵀ dz, db += Σ dz, dx += dz W_sᵀ + ⟨dz W_nᵀ⟩.
  func backward(_ pass: TapePass) {
    let (k, n, sites) = (inputs, outputs, lattice.sites)
    let (dx, dOwn, dAround) = (pass.inputGradient(0), pass.inputGradient(1), pass.inputGradient(2))
    let bias = hasBias ? pass.inputGradient(3) : nil
    let (mean, slope) = (pass.scratch, pass.scratch + block * k)
    let around = slope + block * n
    for sample in 0..<lattice.batch {
      let x = pass.input(0) + sample * sites * k
      for first in stride(from: 0, to: sites, by: block) {
        let count = min(block, sites - first)
        let at = sample * sites + first
        var dz = pass.gradient + at * n
        if let code {
          holstream_tape_function_adjoint(code, pass.value + at * n, dz, slope, count * n)
          dz = UnsafePointer(slope)
        }
        if let bias { holstream_tape_accumulate_rows(1, dz, bias, count, n) }
        if let dOwn {
          BLAS.multiply(x + first * k, transposingA: true, dz, into: dOwn, m: k, k: count, n: n, accumulate: true)
        }
        if let dAround {
          lattice.mean(x, into: mean, first..<(first + count), channels: k)
          BLAS.multiply(
            mean, transposingA: true, dz, into: dAround, m: k, k: count, n: n, accumulate: true)
        }
        guard let dx else { continue }
        BLAS.multiply(
          dz, pass.input(1), transposingB: true, into: dx + at * k, m: count, k: n, n: k, accumulate: true)
        BLAS.multiply(
          dz, pass.input(2), transposingB: true, into: around + first * k, m: count, k: n, n: k, accumulate: false)
      }
      if let dx { lattice.mean(around, into: dx + sample * sites * k, 0..<sites, channels: k, accumulate: true) }
    }
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
