public import Tensors

/// What computes losses and gradients of a model in training. Owns its weights, the optimizer's moments and all memory.
///
/// One that fits in closed form has no gradient: `gradient(of:)` finds the loss of data that it has not learnt from yet,
/// `update` takes them into its sums, and `read` solves for the weights.
///
/// A backend belongs to one task at a time. Everything that it draws at random is a function of the seed and of the
/// number of the step, so that a training that is resumed goes on to the same bits.
public protocol TrainingBackend: AnyObject {
  /// Loss and gradient of one batch, of whatever shape; the gradient stays with the backend until the next call.
  ///
  /// - Parameters:
  ///   - step: Number of the batch, for the random numbers.
  ///   - noise: Standard deviation of the noise on the input.
  ///   - injection: What to use in place of random numbers, for comparisons with other programs; nil to draw them.
  /// - Throws: `LearningError` of code `invalidData` when the model cannot learn from such states.
  func gradient(
    of batch: TrainingBatch, step: Int, noise: Float, injection: TrainingInjection?
  ) throws -> (terms: LossTerms, squaredNorm: Double)

  /// The gradient of the last call, in the order of the parameters.
  var gradient: [Float] { get }

  /// Moves the weights against the gradient of the last call.
  func update(_ step: AdamW)

  /// The weights and the optimizer's moments as they are.
  func read() -> Weights

  /// Calls the body with the weights as they are, in the order of the parameters; they are gone when it returns.
  func withParameters(_ body: (UnsafePointer<Float>) -> Void)

  /// Goes on from these.
  func write(_ weights: Weights)
}

extension TrainingBackend {
  public func withParameters(_ body: (UnsafePointer<Float>) -> Void) {
    read().parameters.withUnsafeBufferPointer { body($0.baseAddress!) }
  }
}

/// Parameters and what AdamW remembers of their gradients, each in the order of the parameter layout.
public struct Weights: Sendable, Equatable {
  public var parameters: [Float]
  public var firstMoments: [Float]
  public var secondMoments: [Float]
  /// In the order of the family's layout of sums, of a model that is fitted in closed form; then there are no moments.
  public var sums: [Double]

  public init(parameters: [Float], firstMoments: [Float], secondMoments: [Float], sums: [Double] = []) {
    self.sums = sums
    self.parameters = parameters
    self.firstMoments = firstMoments
    self.secondMoments = secondMoments
  }
}

/// The numbers of one step of AdamW (Loshchilov and Hutter 2019).
public struct AdamW: Sendable, Equatable {
  /// Factor of the gradient.
  public var clip: Float
  public var rate: Float
  public var beta1: Float
  public var beta2: Float
  /// 1 − βᵗ, t the number of updates, this one included.
  public var correction1: Float
  public var correction2: Float
  public var epsilon: Float
  public var decay: Float
  /// t: updates, this one included.
  public var number = 1
}

/// What a backend must know of a training beside the model.
public struct TrainingOptions: Sendable, Equatable {
  public var loss = LossConfiguration()
  /// The state fed back is α data + (1 − α) prediction.
  public var teacherForcing: Float = 0
  /// Seed of noise and dropout.
  public var seed: UInt64 = 0
  /// Cores that one step may use.
  public var workers = 2
  /// The processes that share each batch; nil for this one alone.
  public var ranks: RankGroup?

  public init() {}
}

/// Numbers that replace what would be drawn at random in one step.
public struct TrainingInjection: Sendable {
  /// Factors of dropout, in the order in which the family draws them: samples, steps, networks, blocks, channels.
  public var masks: [Float]?
  /// (B, S) what is added to the inputs.
  public var noise: [Float]?

  public init(masks: [Float]? = nil, noise: [Float]? = nil) {
    self.masks = masks
    self.noise = noise
  }
}
