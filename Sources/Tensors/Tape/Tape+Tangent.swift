extension Tape {
  /// Records how `node` changes when inputs or parameters do: its derivative along a direction (forward mode).
  ///
  /// The result is made of ordinary operations, so that it can be differentiated backward in its turn. This is the door
  /// to forces: with F = -∂E/∂Q and a loss ℓ(F), let v = ∂ℓ/∂F; then ∂ℓ/∂θ = -∂/∂θ (v · ∂E/∂Q), and v · ∂E/∂Q is
  /// `tangent(of: energy, along: [q: v])`. One forward and one backward pass give F, a second pair the gradient.
  ///
  /// - Parameters:
  ///   - node: What changes; must depend on one of the directions.
  ///   - directions: For a node, another of the same shape that holds its change; usually an input for an input.
  /// - Returns: The change of `node` to first order, of its shape.
  public mutating func tangent(of node: Node, along directions: [Node: Node]) -> Node {
    var tangents: [Int: Node] = [:]
    for (from, to) in directions {
      precondition(from.shape == to.shape, "Tape.tangent: the change \(to.shape) of a node \(from.shape)")
      tangents[index(of: from)] = to
    }
    let recorded = entries
    let needed = ancestors(of: node)
    for k in 0...node.index where needed[k] && tangents[k] == nil {
      let entry = recorded[k]
      let changes = entry.inputs.map { tangents[$0] }
      if changes.allSatisfy({ $0 == nil }) { continue }
      let inputs = entry.inputs.map { Node(index: $0, shape: recorded[$0].shape) }
      tangents[k] = entry.operation.tangent(
        on: &self, of: Node(index: k, shape: entry.shape), inputs: inputs, tangents: changes)
    }
    guard let result = tangents[node.index] else {
      preconditionFailure("Tape.tangent: the node depends on none of the directions")
    }
    return result
  }
}
