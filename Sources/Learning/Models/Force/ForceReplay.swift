internal import Tensors

/// The network of a force field on the tape, for some lattices of one size: f of each site, and the gradient of the
/// parameters for a given gradient of f.
///
/// f is the last layer, or minus the slope of an energy with respect to each displacement. An energy is differentiated a
/// second time along the gradient of f, which its tangent is (docs/tape.md). Where f must be odd and the network is not, f
/// is half the difference of its values at Q and at −Q, and an energy half their sum.
final class ForceReplay {
  let batch, rows, columns: Int
  private let network: any ForceNetwork
  private let replay: TapeReplay
  /// (batch, rows, columns, channels): of Q, and of −Q where that is a preparation of its own.
  private let inputs: [Tape.Node]
  /// (batch, rows, columns, 1), or of an energy [1].
  private let output: Tape.Node
  /// Of an energy: the direction of its second derivative, and the change along it.
  private let direction: Tape.Node?
  private let change: Tape.Node?

  init(_ network: any ForceNetwork, isOdd: Bool, batch: Int, rows: Int, columns: Int) {
    self.network = network
    (self.batch, self.rows, self.columns) = (batch, rows, columns)
    var tape = Tape()
    let shape = TensorShape([batch, rows, columns, network.channels])
    let q = tape.input(shape, needsGradient: network.isEnergy)
    var output = network.record(q, on: &tape)
    var inputs = [q]
    if isOdd, !network.isOdd {
      var other = q
      if network.channels == 1 {
        other = tape.scale(q, by: -1)
      } else {
        other = tape.input(shape, needsGradient: false)
        inputs.append(other)
      }
      let mirrored = network.record(other, on: &tape)
      output = tape.scale(
        network.isEnergy ? tape.add(output, mirrored) : tape.subtract(output, mirrored), by: 0.5)
    }
    if network.isEnergy {
      let energy = tape.sum(output)
      let direction = tape.input(shape, needsGradient: false)
      change = tape.tangent(of: energy, along: [q: direction])
      self.direction = direction
      output = energy
    } else {
      (direction, change) = (nil, nil)
    }
    self.inputs = inputs
    self.output = output
    replay = TapeReplay(tape)
  }

  var sites: Int { rows * columns }

  /// f for one lattice after the other.
  /// - Parameter q: (batch, sites).
  /// - Returns: (batch, sites), valid until the next call.
  func values(_ q: UnsafePointer<Float>, parameters: UnsafePointer<Float>) -> UnsafePointer<Float> {
    for (k, node) in inputs.enumerated() {
      let input = replay.values(of: node).baseAddress!
      for lattice in 0..<batch {
        network.prepare(
          q + lattice * sites, sign: k == 0 ? 1 : -1, rows: rows, columns: columns,
          into: input + lattice * sites * network.channels)
      }
    }
    replay.forward(parameters: parameters, to: output)
    guard network.isEnergy else { return UnsafePointer(replay.values(of: output).baseAddress!) }
    replay.backward(from: output, seed: -1, parameters: parameters, gradients: nil)
    return replay.gradient(of: inputs[0]).baseAddress!
  }

  /// The sum of the energies of all sites, of networks that have one, after `values`.
  var energy: Float? { network.isEnergy ? replay.values(of: output)[0] : nil }

  /// gradients += Σ seeds ∂f/∂parameters, after `values` with the same parameters.
  /// - Parameter seeds: (batch, sites).
  func addGradient(
    seeds: UnsafePointer<Float>, parameters: UnsafePointer<Float>, to gradients: UnsafeMutablePointer<Float>
  ) {
    guard let direction, let change else {
      replay.backward(from: output, seeds: seeds, parameters: parameters, gradients: gradients)
      return
    }
    replay.values(of: direction).baseAddress!.update(from: seeds, count: batch * sites)
    replay.forward(parameters: parameters, to: change)
    replay.backward(from: change, seed: -1, parameters: parameters, gradients: gradients)
  }
}
