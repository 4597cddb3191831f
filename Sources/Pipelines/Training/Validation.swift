internal import Learning

/// What a model in training makes of data that it is not trained on.
struct Validation: Codable, Sendable {
  /// Optimizer steps taken before.
  var step: Int
  /// Held-out windows.
  var windows: Int
  /// Steps that the loss is unrolled over: those of the trainer's stage.
  var unrolled: Int
  /// As in training, without noise, dropout and teacher forcing.
  var loss: LossTerms
  /// Rollouts over the whole windows, from their first frames.
  var rollout: RolloutScore
  /// The total error of the same rollouts when nothing changes.
  var persistence: Double

  /// The two numbers that every later step shows again.
  struct Totals: Codable, Sendable, Equatable {
    var loss: Float
    var rollout: Double
  }
  var totals: Totals { Totals(loss: loss.total, rollout: rollout.total) }
}
