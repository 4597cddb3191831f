internal import CKernels

extension Tape {
  /// Takes nodes of a graph: y[b, e] = x[b, table[e]], for instance the source of every edge.
  ///
  /// - Parameters:
  ///   - x: (batch, nodes, channels).
  ///   - table: A node for each entry.
  /// - Returns: (batch, entries, channels).
  public mutating func gather(_ x: Node, _ table: [Int]) -> Node {
    gather(x, GatherTable(table, nodes: Self.nodes(x, "gather")))
  }

  /// Brings edges to their nodes: y[b, n] = Σ x[b, e] over those e with table[e] = n; zero for a node without edges.
  ///
  /// - Parameters:
  ///   - x: (batch, entries, channels).
  ///   - table: A node for each entry, below `nodes`.
  ///   - mean: Divides by the number of entries of the node: the mean over neighbours.
  /// - Returns: (batch, nodes, channels).
  public mutating func scatter(_ x: Node, _ table: [Int], nodes: Int, mean: Bool = false) -> Node {
    precondition(Self.nodes(x, "scatter") == table.count, "Tape.scatter: \(table.count) entries for \(x.shape)")
    var weights: [Float] = []
    if mean {
      let table = GatherTable(table, nodes: nodes)
      var degree = [Float](repeating: 0, count: nodes)
      for node in table.table { degree[Int(node)] += 1 }
      weights = table.table.map { 1 / degree[Int($0)] }
    }
    return scatter(x, GatherTable(table, weights: weights, nodes: nodes))
  }

  mutating func gather(_ x: Node, _ table: GatherTable) -> Node {
    let operation = Gather(table: table, batch: x.shape.axes[0], channels: x.shape.last)
    return record(operation, [x], shape: [x.shape.axes[0], table.count, x.shape.last])
  }

  mutating func scatter(_ x: Node, _ table: GatherTable) -> Node {
    let operation = Scatter(table: table, batch: x.shape.axes[0], channels: x.shape.last)
    return record(operation, [x], shape: [x.shape.axes[0], table.nodes, x.shape.last])
  }

  private static func nodes(_ x: Node, _ name: String) -> Int {
    precondition(x.shape.rank == 3, "Tape.\(name): \(x.shape) is not (batch, nodes, channels)")
    return x.shape.axes[1]
  }
}

/// For each entry a node and a weight.
struct GatherTable: Sendable {
  let table: [Int32]
  /// None for all ones.
  let weights: [Float]
  let nodes: Int

  var count: Int { table.count }

  init(_ table: [Int], weights: [Float] = [], nodes: Int) {
    precondition(
      !table.isEmpty && table.allSatisfy { (0..<nodes).contains($0) }, "Tape: a table points beyond its \(nodes) nodes")
    self.table = table.map(Int32.init)
    self.weights = weights
    self.nodes = nodes
  }

  /// y[b, e] = w[e] x[b, table[e]], or += where accumulating.
  func gather(
    _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, batch: Int, channels: Int, accumulate: Bool = false
  ) {
    table.withUnsafeBufferPointer { table in
      weights.withUnsafeBufferPointer { weights in
        holstream_tape_gather(
          x, table.baseAddress!, weights.isEmpty ? nil : weights.baseAddress, y, batch, table.count, nodes, channels,
          accumulate ? 1 : 0)
      }
    }
  }

  /// y[b, table[e]] += w[e] x[b, e].
  func scatter(_ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>, batch: Int, channels: Int) {
    table.withUnsafeBufferPointer { table in
      weights.withUnsafeBufferPointer { weights in
        holstream_tape_scatter(
          x, table.baseAddress!, weights.isEmpty ? nil : weights.baseAddress, y, batch, table.count, nodes, channels)
      }
    }
  }
}

struct Gather: TapeOperation {
  let table: GatherTable
  let batch, channels: Int

  func forward(_ pass: TapePass) { table.gather(pass.input(0), into: pass.value, batch: batch, channels: channels) }

  func backward(_ pass: TapePass) {
    guard let dx = pass.inputGradient(0) else { return }
    table.scatter(pass.gradient, into: dx, batch: batch, channels: channels)
  }

  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    tape.gather(tangents[0]!, table)
  }
}

/// The adjoint of `Gather`.
struct Scatter: TapeOperation {
  let table: GatherTable
  let batch, channels: Int

  func forward(_ pass: TapePass) {
    pass.value.update(repeating: 0, count: batch * table.nodes * channels)
    table.scatter(pass.input(0), into: pass.value, batch: batch, channels: channels)
  }

  func backward(_ pass: TapePass) {
    guard let dx = pass.inputGradient(0) else { return }
    table.gather(pass.gradient, into: dx, batch: batch, channels: channels, accumulate: true)
  }

  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    tape.scatter(tangents[0]!, table)
  }
}
