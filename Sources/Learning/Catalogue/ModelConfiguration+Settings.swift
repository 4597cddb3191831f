public import Settings
public import Trajectories

extension ModelConfiguration {
  /// Reads the keys of the section `model` of a pipeline file: the family, its own, and those that all have.
  public init(_ section: ConfigurationSection) {
    let families = ModelCatalogue.trainableFamilies
    let family = section.choice(
      "family", default: families[0].rawValue, among: families.map { ($0.rawValue, $0) },
      "The kind of model: `cnn` predicts the change directly, `parc` by way of time derivatives, `mlp` without knowing neighbours; `nvar` and `echo-state` are fitted in closed form"
    )
    self.init(family, section)
  }

  /// The same for a family that is given; it must be one that is trained.
  public init(_ family: ModelFamily, _ section: ConfigurationSection) {
    // A family's keys are the same for all states that it can learn.
    let type = ModelCatalogue.trainable.first { $0.families.contains(family) }!
    self.init(family: family, settings: type.settings(family, section))
    let isForce = ForceFieldModel.families.contains(family)
    learns = section.choice(
      "learns", default: (isForce ? LearningTarget.force : family == .neuralODE ? .tendency : .state).rawValue,
      among: LearningTarget.allCases.map { ($0.rawValue, $0) },
      "The next state, or the time derivative, which rollouts then integrate; of force fields the force")
    if isForce != (learns == .force) {
      section.problem(
        isForce ? "must be `force` for a \(family.rawValue)" : "must be `state` or `tendency` for a \(family.rawValue)",
        key: "learns")
    }
    if family == .neuralODE, learns != .tendency {
      section.problem("must be `tendency` for a neural-ode; the family mlp learns the state", key: "learns")
    }
    constraint = section.choice(
      "constrain", default: "none",
      among: [("none", nil), ("projection", StateConstraint.projection), ("spectrum", .spectrum), ("flux", .flux)],
      "projection: every predicted density matrix is made Hermitian with trace L/2; spectrum: the same, and its eigenvalues are brought back to 0, ½ and 1, which the equations keep; flux: the sums of fields on a lattice are kept; in training and in rollouts alike"
    )
  }

  /// - Throws: `LearningError` of code `invalidConfiguration` that names the setting and its bounds.
  public func validate() throws {
    let type = try ModelCatalogue.type(family, for: layout)
    _ = try type.parameterLayout(self)
    guard type.canLearn(learns) else {
      throw LearningError(
        .invalidConfiguration, "the family “\(family.rawValue)” cannot learn the \(learns.rawValue) of these states")
    }
    if learns != .state {
      guard let interval, interval > 0, interval.isFinite else {
        throw LearningError(
          .invalidConfiguration,
          "a model that learns the \(learns.rawValue) must know the positive time between two frames")
      }
    }
    guard scales.isUsable else {
      throw LearningError(.invalidConfiguration, "every scale must be positive and finite, got \(scales)")
    }
    if let layout { try scales.check(layout) }
    if let constraint, let layout {
      let isMatrix = layout.densityMatrixSites != nil
      let fits = constraint.isOfMatrices ? isMatrix : !isMatrix && layout.gridExtent != nil
      guard fits else {
        throw LearningError(
          .invalidConfiguration,
          "`constrain: projection` and `spectrum` are for density matrices, `constrain: flux` for fields on a ring or a square; the "
            + "state consists of \(layout.summary)")
      }
    }
  }

  /// Frames before a state that its prediction depends on; 0 where the settings are not valid.
  public var memory: Int {
    (try? ModelCatalogue.trainable.first { $0.families.contains(family) }?.memory(self)) ?? 0
  }

  /// Number of trainable parameters.
  public var parameterCount: Int {
    get throws { try ModelCatalogue.type(family, for: layout).parameterLayout(self).count }
  }

  /// With what the data's system says of itself, of a model that knows some of its physics.
  /// - Throws: `LearningError` of code `invalidConfiguration` where the two contradict each other, or it says too little.
  public func completed(by system: [String: Attribute]) throws -> ModelConfiguration {
    try ModelCatalogue.type(family, for: layout).completed(self, by: system)
  }

  /// Which derivatives its windows carry, where they carry any.
  public var labelRule: LabelRule {
    ModelCatalogue.trainable.first { $0.families.contains(family) }?.labelRule(self) ?? LabelRule()
  }

  /// Whether its loss needs windows with time derivatives.
  public func needsTendencies(_ loss: LossConfiguration) -> Bool {
    (try? ModelCatalogue.type(family, for: layout))?.needsTendencies(self, loss) ?? false
  }
}
