internal import Foundation

/// How the learning rate changes from batch to batch: cosine restarts aligned to the stages, or one cosine over all of
/// them, with linear warm-up.
///
/// With s the step in a stage of n batches and w = `warmUp`: below w the rate is base · (10⁻⁴ + (1 − 10⁻⁴) s / w); above,
/// base · (f + (1 − f) (1 + cos π (s − w) / (n − w)) / 2). A linear decay to `finalFraction` over the whole
/// training multiplies both. With `span` whole, s and n are those of all stages together.
public struct LearningRateSchedule: Codable, Sendable, Equatable {
  /// What the floor of the cosine is. The published text and the published program differ.
  public enum Floor: String, Codable, Sendable {
    /// f = `minimum`: the rate ends at base · minimum, as the text says.
    case paper
    /// f = base · `minimum`: the rate ends at base² · minimum, as the program computes it.
    case code
  }

  /// What a warm-up and a cosine span.
  public enum Span: String, Codable, Sendable {
    /// Each stage has its own: the rate restarts with every stage, as published.
    case stages
    /// One for all stages: the rate never rises again.
    case whole
  }

  public var base: Float = 1e-4
  public var warmUp = 500
  /// Smallest rate as a fraction of `base`.
  public var minimum: Float = 1e-2
  public var floor = Floor.paper
  /// The factor that the rate has decayed by, linearly, at the end of the last stage; nil for no decay.
  public var finalFraction: Float?
  /// Nil for `stages`.
  public var span: Span?

  public init() {}

  public init(
    base: Float, warmUp: Int = 500, minimum: Float = 1e-2, floor: Floor = .paper, finalFraction: Float? = nil,
    span: Span? = nil
  ) {
    self.base = base
    self.warmUp = warmUp
    self.minimum = minimum
    self.floor = floor
    self.finalFraction = finalFraction
    self.span = span
  }

  /// The rate at which batch number `step`, counted from 0, is learned.
  public func rate(at step: Int, in curriculum: Curriculum) -> Float {
    let position = curriculum.position(of: step)
    let (batches, stepInStage) =
      span == .whole ? (curriculum.batches, step) : (position.stage.batches, position.stepInStage)
    let s = Double(stepInStage)
    let base = Double(base)
    let bottom = floor == .paper ? Double(minimum) : base * Double(minimum)
    var multiplier: Double
    if stepInStage < warmUp {
      multiplier = 1e-4 + (1 - 1e-4) * s / Double(warmUp)
    } else {
      let length = Double(max(batches - warmUp, 1))
      let progress = min((s - Double(warmUp)) / length, 1)
      multiplier = bottom + (1 - bottom) * 0.5 * (1 + cos(.pi * progress))
    }
    if let finalFraction {
      let progress = min(Double(step) / Double(max(curriculum.batches, 1)), 1)
      multiplier *= 1 - progress * (1 - Double(finalFraction))
    }
    return Float(base * multiplier)
  }
}
