internal import CKernels

extension Tape {
  /// The mean over the nearest neighbours of each site on a ring or a square with periodic boundaries.
  ///
  /// An axis of length one or two has the same neighbour twice.
  /// - Parameters:
  ///   - x: (batch, sites, channels), the sites row-major.
  ///   - extent: [sites] of a ring, [rows, columns] of a square.
  /// - Returns: As x.
  public mutating func neighbourMean(_ x: Node, on extent: [Int]) -> Node {
    let operation = NeighbourMean(lattice: TapeLattice(x, extent, "neighbourMean"))
    return record(operation, [x], shape: x.shape)
  }
}

/// What the loops over a lattice know: shapes of (batch, sites, channels) and how the sites lie.
struct TapeLattice: Sendable {
  let batch, rows, columns, channels, axes: Int

  init(_ x: Tape.Node, _ extent: [Int], _ name: String) {
    precondition(
      x.shape.rank == 3 && (1...2).contains(extent.count) && x.shape.axes[1] == extent.reduce(1, *),
      "Tape.\(name): \(x.shape) is not (batch, sites, channels) on a lattice \(extent)")
    batch = x.shape.axes[0]
    rows = extent.count == 2 ? extent[0] : 1
    columns = extent[extent.count - 1]
    channels = x.shape.last
    axes = extent.count
  }

  var sites: Int { rows * columns }
  /// [sites] or [rows, columns].
  var extent: [Int] { axes == 1 ? [columns] : [rows, columns] }

  /// y = ⟨x⟩ for some sites of one sample, y beginning with the first of them.
  func mean(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, _ range: Range<Int>, channels: Int,
    accumulate: Bool = false
  ) {
    holstream_tape_neighbour_sum(
      x, 0.5 / Float(axes), y, range.lowerBound, range.count, rows, columns, channels, Int32(axes), accumulate ? 1 : 0)
  }
}

/// y = ⟨x⟩, which is its own adjoint: neighbours are neighbours of each other.
struct NeighbourMean: TapeOperation {
  let lattice: TapeLattice

  private func each(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, accumulate: Bool) {
    let size = lattice.sites * lattice.channels
    for sample in 0..<lattice.batch {
      lattice.mean(
        x + sample * size, into: y + sample * size, 0..<lattice.sites, channels: lattice.channels,
        accumulate: accumulate)
    }
  }

  func forward(_ pass: TapePass) { each(pass.input(0), pass.value, accumulate: false) }

  func backward(_ pass: TapePass) {
    guard let dx = pass.inputGradient(0) else { return }
    each(pass.gradient, dx, accumulate: true)
  }

  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    tape.neighbourMean(tangents[0]!, on: lattice.extent)
  }
}
