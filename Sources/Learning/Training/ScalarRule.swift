/// When the data scalars of a model in training follow the data that keep coming.
public enum ScalarRule: Codable, Sendable, Equatable {
  /// Never: the configuration's scalars stay.
  case given
  /// Once, from the first `windows` windows; training waits for them. The default for a live stream, as it is closest to
  /// the published recipe and leaves no jump in the loss.
  case freeze(windows: Int)
  /// As `freeze`, and again whenever some quantity has outgrown its scalar by the factor `growth`.
  case adapt(windows: Int, growth: Float)

  /// Windows that must have come before training starts.
  public var windows: Int {
    switch self {
    case .given: 0
    case .freeze(let windows), .adapt(let windows, _): windows
    }
  }

  /// Whether windows matter after training has started.
  public var goesOn: Bool { if case .adapt = self { true } else { false } }

  /// What to adopt now, or nil to leave the scalars as they are.
  ///
  /// - Parameters:
  ///   - fold: All training windows so far.
  ///   - current: The scalars that the model has adopted before; nil before the first time.
  public func scalars(after fold: DataScalarFold, current: DataScalars?) -> DataScalars? {
    switch self {
    case .given: return nil
    case .freeze(let windows): return current == nil && fold.windows >= windows ? fold.result : nil
    case .adapt(let windows, let growth):
      guard fold.windows >= windows else { return nil }
      guard let current else { return fold.result }
      let found = fold.scalars
      let pairs = zip(
        found.states + found.rates + found.steps, current.states + current.rates + current.steps)
      return pairs.contains { $0 > growth * $1 } ? fold.result.union(current) : nil
    }
  }
}
