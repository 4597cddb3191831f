public import Trajectories

/// A model that takes a system from one saved frame to the next.
///
/// A family of models is one file that conforms to this protocol and one line in `ModelCatalogue`. Models are values
/// that any number of predictors may share; what a rollout needs beside the state (scratch memory, the hidden state of
/// a reservoir) belongs to the predictor.
public protocol SurrogateModel: Sendable {
  /// Which family it belongs to and how large it is, in one line for tables.
  var summary: String { get }

  /// The states that it was trained on; nil where its file does not say it, as of published checkpoints.
  var layout: StateLayout? { get }

  /// Frames before a state that its prediction depends on, which predictors are shown; 0 for a model without memory.
  var memory: Int { get }

  /// Prepares rollouts of states of a layout, which may be larger or smaller than what the model was trained on.
  /// - Throws: `LearningError` when the model cannot run on such states.
  func predictor(for layout: StateLayout) throws -> any Predictor

  /// The file that `ModelCatalogue` reads the model from again.
  func safetensors() throws -> Safetensors
}

/// One rollout of a model: a state goes in, the state one saving interval later comes out.
public protocol Predictor: AnyObject {
  var layout: StateLayout { get }

  /// Shows the predictor a true state before the rollout begins, for models that remember. Others ignore it.
  func observe(_ state: State<Float>)

  /// Forgets all states that it saw, so that another rollout may begin.
  func forget()

  /// Replaces `state` by its prediction one interval later, without allocating memory.
  func advance(_ state: inout State<Float>)

  /// The time derivative that the model predicts; nil for one that predicts none.
  func tendency(at state: State<Float>) -> State<Float>?
}

extension SurrogateModel {
  public var memory: Int { 0 }
}

extension Predictor {
  public func observe(_ state: State<Float>) {}
  public func forget() {}
  public func tendency(at state: State<Float>) -> State<Float>? { nil }

  /// The start and the `steps` states predicted after it.
  public func rollout(from start: State<Float>, steps: Int) -> [State<Float>] {
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
