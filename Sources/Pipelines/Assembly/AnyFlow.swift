public import Climate
public import Streams
public import Trajectories

/// A flow of one of the types that pipelines know.
public enum AnyFlow: Sendable {
  case frames(Flow<Frame>)
  case observables(Flow<Observation>)
  case trainingSteps(Flow<TrainingRecord>)
  case checkpoints(Flow<CheckpointFile>)
  case climate(Flow<ClimateSnapshot>)
  case verdicts(Flow<Verdict>)
}

extension PipelineDescription.Node {
  /// The edge into this node, as the file asks for it.
  public func inlet<Element>(_ flow: Flow<Element>) -> Inlet<Element> {
    delivery == .latest ? flow.latest() : flow.lossless(buffer: buffer)
  }
}
