extension Tape {
  /// Convolution on a ring or on a square with periodic boundaries, as networks mean it (a cross-correlation):
  /// y[b, s, o] = Σ_{t, i} w[t, i, o] x[b, s + t - centre, i].
  ///
  /// - Parameters:
  ///   - x: (batch, sites, inputs) on a ring, (batch, rows, columns, inputs) on a square.
  ///   - w: (taps, inputs, outputs) or (taps, taps, inputs, outputs), each number of taps odd. PyTorch's
  ///     (outputs, inputs, taps...) with its first two axes moved to the end, in turned order.
  /// - Returns: As x, with `outputs` channels.
  public mutating func convolve(_ x: Node, _ w: Node) -> Node {
    let rank = x.shape.rank - 2
    precondition(
      rank >= 1 && w.shape.rank == rank + 2 && w.shape.axes[rank] == x.shape.last
        && w.shape.axes[..<rank].allSatisfy { $0 % 2 == 1 },
      "Tape.convolve: weights \(w.shape) for \(x.shape); give (odd taps..., inputs, outputs)")
    let operation = CircularConvolution(
      batch: x.shape.axes[0], sites: Array(x.shape.axes[1...rank]), taps: Array(w.shape.axes[..<rank]),
      inputs: x.shape.last, outputs: w.shape.last)
    return record(operation, [x, w], shape: x.shape.withLast(w.shape.last))
  }
}

/// A gather of the neighbourhoods into scratch, (sites, taps · inputs) for each frame, and one matrix product.
struct CircularConvolution: TapeOperation {
  let batch, sites, inputs, outputs: Int
  /// taps · inputs.
  let width: Int
  /// For each site and tap the neighbour.
  let neighbours: GatherTable
  /// Frames at a time, so that scratch stays in the cache.
  let chunk: Int

  init(batch: Int, sites: [Int], taps: [Int], inputs: Int, outputs: Int, scratchLimit: Int = 65536) {
    self.batch = batch
    self.sites = sites.reduce(1, *)
    self.inputs = inputs
    self.outputs = outputs
    width = taps.reduce(1, *) * inputs
    neighbours = GatherTable(Self.neighbours(sites, taps), nodes: self.sites)
    chunk = min(batch, max(1, scratchLimit / (self.sites * width)))
  }

  var scratchCount: Int { chunk * sites * width }

  func forward(_ pass: TapePass) {
    for first in stride(from: 0, to: batch, by: chunk) {
      let frames = min(chunk, batch - first)
      neighbours.gather(pass.input(0) + first * sites * inputs, into: pass.scratch, batch: frames, channels: inputs)
      BLAS.multiply(
        pass.scratch, pass.input(1), into: pass.value + first * sites * outputs, m: frames * sites, k: width,
        n: outputs, accumulate: false)
    }
  }

  /// With columns c of neighbourhoods: dw += cᵀ dy; dc = dy wᵀ, which goes back to where c came from.
  func backward(_ pass: TapePass) {
    for first in stride(from: 0, to: batch, by: chunk) {
      let frames = min(chunk, batch - first)
      let dy = pass.gradient + first * sites * outputs
      if let dw = pass.inputGradient(1) {
        neighbours.gather(pass.input(0) + first * sites * inputs, into: pass.scratch, batch: frames, channels: inputs)
        BLAS.multiply(
          pass.scratch, transposingA: true, dy, into: dw, m: width, k: frames * sites, n: outputs, accumulate: true)
      }
      if let dx = pass.inputGradient(0) {
        BLAS.multiply(
          dy, pass.input(1), transposingB: true, into: pass.scratch, m: frames * sites, k: outputs, n: width,
          accumulate: false)
        neighbours.scatter(pass.scratch, into: dx + first * sites * inputs, batch: frames, channels: inputs)
      }
    }
  }

  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    let first = tangents[0].map { tape.convolve($0, inputs[1]) }
    let second = tangents[1].map { tape.convolve(inputs[0], $0) }
    return tape.sum(first, second)
  }

  /// For each site, row-major, and each tap, row-major, the site that lies there.
  static func neighbours(_ sites: [Int], _ taps: [Int]) -> [Int] {
    var table = [0]
    // Axis by axis: entries so far are (site, tap) of the axes before, as an interleaved table of sites.
    var before = (sites: 1, taps: 1)
    for (length, width) in zip(sites, taps) {
      var next: [Int] = []
      for site in 0..<before.sites {
        for here in 0..<length {
          for tap in 0..<before.taps {
            for shift in 0..<width {
              let there = (here + shift - width / 2 + length * width) % length
              next.append(table[site * before.taps + tap] * length + there)
            }
          }
        }
      }
      table = next
      before = (before.sites * length, before.taps * width)
    }
    return table
  }
}
