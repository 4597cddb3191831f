public import Settings
internal import Tensors
public import Trajectories

/// A learned force field of a lattice: the force on each displacement from the displacements around it.
///
/// A state is two fields on a square lattice, displacements and momenta; the network sees the displacements alone and
/// learns the momenta's derivative at each frame, the force without the bath. Its weights know nothing of the lattice's
/// size. docs/force-fields.md says which networks there are and what each knows of the physics.
public struct ForceFieldModel: TrainableModel {
  public static let families = ForceFieldSettings.families
  private static let largestCount = 1 << 26

  public let configuration: ModelConfiguration
  /// All parameters in the order of `parameterLayout`.
  public let parameters: [Float]

  /// - Throws: `LearningError` when the configuration is not valid or the number of parameters is not its own.
  public init(configuration: ModelConfiguration, parameters: [Float]) throws {
    try configuration.check(parameters, of: Self.parameterLayout(configuration))
    self.configuration = configuration
    self.parameters = parameters
  }

  /// (rows, columns) of a state of displacements Q and momenta P on a square lattice, in this order; nil for others.
  ///
  /// By their names: which is which cannot be seen, and the other way round the numbers would be quietly wrong.
  static func extent(_ layout: StateLayout) -> (rows: Int, columns: Int)? {
    guard case .square(let rows, let columns) = layout.domain, layout.fields.map(\.name) == ["Q", "P"],
      layout.fields.allSatisfy({ $0.count == rows * columns && $0.role == .prognostic && !$0.isComplex })
    else { return nil }
    return (rows, columns)
  }

  public static func accepts(_ layout: StateLayout?) -> Bool { layout.map { extent($0) != nil } ?? false }

  public static func canLearn(_ target: LearningTarget) -> Bool { target == .force }

  public static func settings(_ family: ModelFamily, _ section: ConfigurationSection) -> [String: Attribute] {
    ForceFieldSettings(family, section).attributes
  }

  public static func settings(_ section: ConfigurationSection) -> [String: Attribute] {
    settings(.directForce, section)
  }

  public static func parameterLayout(_ configuration: ModelConfiguration) throws -> ParameterLayout {
    func fail(_ reason: String) -> LearningError { LearningError(.invalidConfiguration, reason) }
    let settings = try ForceFieldSettings(configuration)
    if let layout = configuration.layout, extent(layout) == nil {
      throw fail(
        "a force field needs states of two fields Q and P, displacements and momenta on a square lattice, got \(layout.summary)"
      )
    }
    guard configuration.constraint == nil else {
      throw fail("a force field cannot be constrained; leave `constrain` out")
    }
    guard settings.parameterBound <= 8 * largestCount, case let made = settings.parameterLayout,
      made.count <= largestCount
    else {
      throw fail("a \(settings.family.rawValue) of widths \(settings.widths) has more than \(largestCount) parameters")
    }
    return made
  }

  /// Glorot-uniform weights and zero biases; gains of normalisations are 1.
  public static func initialParameters(_ configuration: ModelConfiguration, seed: UInt64) throws -> [Float] {
    let layout = try parameterLayout(configuration)
    var values = [Float](repeating: 0, count: layout.count)
    for (index, tensor) in layout.tensors.enumerated() {
      if tensor.name.hasSuffix("normalisation.weight") {
        for k in 0..<tensor.count { values[tensor.offset + k] = 1 }
      }
      guard tensor.shape.count >= 2 else { continue }
      // A kernel's fans count its taps and the elements of the group.
      let positions = tensor.shape.dropLast(2).reduce(1, *)
      let fans = positions * tensor.shape.suffix(2).reduce(0, +)
      let bound = (6 / Double(fans)).squareRoot()
      var random = CounterRandom(seed: seed, purpose: .weights, trajectory: UInt64(index))
      for k in 0..<tensor.count { values[tensor.offset + k] = Float(bound * (2 * random.uniform() - 1)) }
    }
    return values
  }

  public static func needsTendencies(_ configuration: ModelConfiguration, _ loss: LossConfiguration) -> Bool { true }

  public static func labelRule(_ configuration: ModelConfiguration) -> LabelRule {
    let ensemble = configuration.settings["ensemble"] ?? .text(LatticePhysics.Ensemble.grandCanonical.rawValue)
    return LabelRule(isAtFrames: true, changes: ["ensemble": ensemble])
  }

  public static func completed(
    _ configuration: ModelConfiguration, by system: [String: Attribute]
  ) throws -> ModelConfiguration {
    var configuration = configuration
    let settings = try ForceFieldSettings(configuration)
    configuration.settings.merge(try settings.physics.completed(by: system).attributes) { $1 }
    return configuration
  }

  public var summary: String {
    let widths = (try? ForceFieldSettings(configuration))?.widths ?? []
    return "\(configuration.family.rawValue) \(widths.map(String.init).joined(separator: "-")), "
      + "\(parameters.count) parameters"
  }

  /// What it knows of its lattice.
  public var physics: LatticePhysics { get throws { try ForceFieldSettings(configuration).physics } }

  /// What computes forces on a lattice of any size.
  /// - Throws: `LearningError` where it cannot give forces of this ensemble.
  public func forceField(rows: Int, columns: Int, ensemble: LatticePhysics.Ensemble) throws -> ForceField {
    guard rows >= 1, columns >= 1, rows * columns <= 1 << 24 else {
      throw LearningError(.invalidData, "a lattice of \(rows) × \(columns) sites is none that a force field runs on")
    }
    return try ForceField(
      ForceFieldSettings(configuration), tensors: Self.parameterLayout(configuration).tensors, parameters: parameters,
      rows: rows, columns: columns, ensemble: ensemble)
  }

  public func predictor(for layout: StateLayout) throws -> any Predictor {
    guard let (rows, columns) = Self.extent(layout) else {
      throw LearningError(
        .invalidData, "the force field runs on fields Q and P on a square lattice, not on \(layout.summary)")
    }
    guard let interval = configuration.interval else {
      throw LearningError(.invalidConfiguration, "the force field does not know the time between two frames")
    }
    // Half filling is what lattices are simulated at; a field of μ = 0 finds it by its own density.
    return try ForceFieldPredictor(
      layout, forceField(rows: rows, columns: columns, ensemble: .canonical), physics,
      interval: interval)
  }

  /// The root mean square of the force's error, of the forces that it learns, as in training.
  public func loss(of batch: TrainingBatch, _ loss: LossConfiguration) throws -> LossTerms {
    try backend(TrainingOptions()).gradient(of: batch, step: 0, noise: 0, injection: nil).terms
  }

  public func backend(_ options: TrainingOptions) throws -> any TrainingBackend {
    guard options.teacherForcing == 0 else {
      throw LearningError(.invalidConfiguration, "a force field unrolls nothing; leave `teacher-forcing` out")
    }
    return try ForceFieldBackend(
      ForceFieldSettings(configuration), tensors: Self.parameterLayout(configuration).tensors, parameters: parameters,
      options)
  }
}
