/// A model that takes a lattice from one saved frame to the next.
///
/// A family of models is one file that conforms to this protocol and one line in `ModelCatalogue`. Models are values
/// that any number of predictors may share; what a rollout needs beside the state (scratch memory, the hidden state of
/// a reservoir) belongs to the predictor.
public protocol SurrogateModel: Sendable {
  /// Which family it belongs to and how large it is, in one line for tables.
  var summary: String { get }

  /// Prepares rollouts on lattices of `sites` sites, whatever size the model was trained on.
  /// - Throws: `LearningError` when the model cannot run at that size.
  func predictor(sites: Int) throws -> any Predictor

  /// The file that `ModelCatalogue` reads the model from again.
  func safetensors() throws -> Safetensors
}

/// One rollout of a model: a state goes in, the state one saving interval later comes out.
public protocol Predictor: AnyObject {
  var sites: Int { get }

  /// Shows the predictor a true state before the rollout begins, for models that remember. Others ignore it.
  func observe(_ state: SurrogateState)

  /// Replaces `state` by its prediction one interval later, without allocating memory.
  func advance(_ state: inout SurrogateState)
}

extension Predictor {
  public func observe(_ state: SurrogateState) {}

  /// The start and the `steps` states predicted after it.
  public func rollout(from start: SurrogateState, steps: Int) -> [SurrogateState] {
    var states = [start]
    states.reserveCapacity(steps + 1)
    var state = start
    for _ in 0..<steps {
      advance(&state)
      states.append(state)
    }
    return states
  }
}
