/// What one optimizer step did.
public struct TrainingStepReport: Codable, Sendable, Equatable {
  /// Number of the batch, counted from 0.
  public var step: Int
  /// Stage of the curriculum, counted from 0.
  public var stage: Int
  /// Intervals that the model was unrolled over.
  public var unrolled: Int
  public var loss: LossTerms
  public var learningRate: Float
  /// Norm of the gradient over all parameters before clipping.
  public var gradientNorm: Float
  /// Why the parameters were left alone; nil when they were not.
  public var anomaly: String?
}
