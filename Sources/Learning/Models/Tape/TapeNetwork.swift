internal import Tensors

/// A network that is recorded on the gradient tape: what a family adds to the common step of `TapeStep`.
protocol TapeNetwork: Sendable {
  /// Factors of dropout that one sample and step take; 0 for none.
  var maskCount: Int { get }
  /// Probability that a factor is zero.
  var dropout: Float { get }

  /// Records the network's output for embedded states.
  ///
  /// - Parameters:
  ///   - planes: (batch, extent…, channels) the embedded state, divided by its scale.
  ///   - masks: (batch, `maskCount`) factors of dropout; nil for none, as in rollouts.
  /// - Returns: As `planes`: the change of the state in units of its scale.
  func record(_ planes: Tape.Node, masks: Tape.Node?, on tape: inout Tape) -> Tape.Node
}

extension TapeNetwork {
  var maskCount: Int { 0 }
  var dropout: Float { 0 }
}
