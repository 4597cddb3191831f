public import Settings
public import Trajectories

/// A model with weights that are learned while data come: by gradient descent, or from sums in closed form.
///
/// A family is one file with a type that conforms, and one line in `ModelCatalogue`: the file declares its keys, says
/// which parameters it has, and makes the backend that computes their gradient. The trainer, checkpoints, resuming and
/// the commands need nothing more.
public protocol TrainableModel: SurrogateModel {
  /// The words of the families that the type implements.
  static var families: [ModelFamily] { get }

  /// Whether it can learn such states; nil stands for a published checkpoint, which does not say.
  static func accepts(_ layout: StateLayout?) -> Bool

  /// Whether it can learn this of a system; without other word the next state alone.
  static func canLearn(_ target: LearningTarget) -> Bool

  /// Reads the family's own keys of a pipeline file, and so declares them.
  static func settings(_ section: ConfigurationSection) -> [String: Attribute]

  /// The same, for a type whose families have keys of their own; without other word all have the same.
  static func settings(_ family: ModelFamily, _ section: ConfigurationSection) -> [String: Attribute]

  /// The configuration with what the data's system says of itself, of a model that knows some of its physics; without
  /// other word as it is.
  /// - Throws: `LearningError` of code `invalidConfiguration` where the two contradict each other, or it says too little.
  static func completed(_ configuration: ModelConfiguration, by system: [String: Attribute]) throws
    -> ModelConfiguration

  /// All parameters of a model: names, shapes and offsets. The one place where they are known.
  /// - Throws: `LearningError` of code `invalidConfiguration` for settings that no model can be made from.
  static func parameterLayout(_ configuration: ModelConfiguration) throws -> ParameterLayout

  /// Parameters before training, as a function of the seed.
  static func initialParameters(_ configuration: ModelConfiguration, seed: UInt64) throws -> [Float]

  /// Whether every window of the data is learnt from once, in order, as sums need it; false for batches drawn at random.
  static var takesEachWindowOnce: Bool { get }

  /// Frames before a state that its prediction depends on; windows overlap by as many where each is taken once.
  static func memory(_ configuration: ModelConfiguration) throws -> Int

  /// What it remembers of all data in place of an optimizer's moments, in double precision; empty for AdamW's moments.
  static func sumsLayout(_ configuration: ModelConfiguration) throws -> ParameterLayout

  /// Whether its loss compares time derivatives with those of the data, so that windows must carry them.
  static func needsTendencies(_ configuration: ModelConfiguration, _ loss: LossConfiguration) -> Bool

  /// Which derivatives these are.
  static func labelRule(_ configuration: ModelConfiguration) -> LabelRule

  /// The terms of the training loss on data that are not trained on.
  /// - Throws: `LearningError` of code `invalidData` when a sample has not the derivatives that the loss needs.
  func loss(of batch: TrainingBatch, _ loss: LossConfiguration) throws -> LossTerms

  var configuration: ModelConfiguration { get }
  /// In the order of `parameterLayout`.
  var parameters: [Float] { get }

  /// - Throws: `LearningError` when the configuration is not valid or the number of parameters is not its own.
  init(configuration: ModelConfiguration, parameters: [Float]) throws

  /// What trains it: starts from the model's parameters and an optimizer that has seen nothing.
  func backend(_ options: TrainingOptions) throws -> any TrainingBackend

  /// Tensors and metadata that its files have beside the parameters, for other programs that read them.
  var companions: Safetensors { get throws }
}

extension TrainableModel {
  public static var takesEachWindowOnce: Bool { false }
  public static func settings(_ family: ModelFamily, _ section: ConfigurationSection) -> [String: Attribute] {
    settings(section)
  }
  public static func completed(
    _ configuration: ModelConfiguration, by system: [String: Attribute]
  ) throws -> ModelConfiguration { configuration }
  public static func labelRule(_ configuration: ModelConfiguration) -> LabelRule { LabelRule() }
  public static func memory(_ configuration: ModelConfiguration) throws -> Int { 0 }
  public static func sumsLayout(_ configuration: ModelConfiguration) throws -> ParameterLayout { ParameterLayout() }
  public var memory: Int { (try? Self.memory(configuration)) ?? 0 }
  public static func canLearn(_ target: LearningTarget) -> Bool { target == .state }
  public static func needsTendencies(_ configuration: ModelConfiguration, _ loss: LossConfiguration) -> Bool { false }
  public var layout: StateLayout? { configuration.layout }
  public var companions: Safetensors { get throws { Safetensors() } }
}
