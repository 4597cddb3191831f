/// What every predicted state is made to obey, in training and in rollouts alike. Off unless asked for.
public enum StateConstraint: String, Codable, Sendable {
  /// ρ is replaced by the nearest Hermitian matrix with the trace L / 2 of half filling; `ProjectedModel` has the formula.
  case projection
}
