/// What flows along an edge of a pipeline. Edges are checked by this before anything runs.
public enum ElementType: String, Sendable, CaseIterable {
  /// Saved states of trajectories.
  case frames
  /// Named numbers of trajectories: the order parameters of a lattice, the coordinates of a Lorenz system, a log's columns.
  case observables
  /// What one optimizer step did.
  case trainingSteps = "training steps"
  /// Checkpoint files that landed.
  case checkpoints
  /// Rolling statistics.
  case climate
  /// What a checkpoint is worth.
  case verdicts
}
