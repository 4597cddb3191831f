/// What a model learns of a system.
public enum LearningTarget: String, Codable, Sendable, CaseIterable {
  /// The state one saving interval later.
  case state
  /// The time derivative: a neural ODE or a force field, whose predictor is an integrator around it.
  case tendency
  /// The force on the displacements of a lattice, which alone the network sees: a force field.
  case force
}
