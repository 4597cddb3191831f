internal import Tensors

/// What a force field's network makes of displacements: a number a site, or an energy.
protocol ForceNetwork: Sendable {
  /// Numbers a site that the network sees: the displacement, or descriptors of its surroundings.
  var channels: Int { get }
  /// Whether what it gives are energies of sites, whose sum's slope is the force.
  var isEnergy: Bool { get }
  /// Whether it is odd by construction, f(-Q) = -f(Q).
  var isOdd: Bool { get }

  /// Records the network.
  /// - Parameter input: (batch, rows, columns, `channels`).
  /// - Returns: (batch, rows, columns, 1).
  func record(_ input: Tape.Node, on tape: inout Tape) -> Tape.Node

  /// Writes what the network sees of displacements (rows · columns) to (rows · columns, `channels`).
  /// - Parameter sign: Factor of the displacements, 1 or -1.
  func prepare(
    _ q: UnsafePointer<Float>, sign: Float, rows: Int, columns: Int, into input: UnsafeMutablePointer<Float>)
}

extension ForceNetwork {
  var channels: Int { 1 }
  var isEnergy: Bool { false }
  var isOdd: Bool { false }

  func prepare(
    _ q: UnsafePointer<Float>, sign: Float, rows: Int, columns: Int, into input: UnsafeMutablePointer<Float>
  ) {
    for site in 0..<(rows * columns) { input[site] = sign * q[site] }
  }
}

/// The direct graph network: the paper's, whose last layer is the number of a site.
struct DirectForceNetwork: ForceNetwork {
  let network: GraphNetwork

  /// Sums without biases of odd functions are odd.
  var isOdd: Bool { !network.hasBias && network.activation == .tanh }

  func record(_ input: Tape.Node, on tape: inout Tape) -> Tape.Node { network.record(input, masks: nil, on: &tape) }
}
