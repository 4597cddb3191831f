/// When the scales of a model in training follow the data that keep coming.
public enum ScalarRule: Codable, Sendable, Equatable {
  /// Never: the configuration's scales stay.
  case given
  /// Once, from the first `windows` windows; training waits for them. The default for a live stream, as it is closest to
  /// the published recipe and leaves no jump in the loss.
  case freeze(windows: Int)
  /// As `freeze`, and again whenever some quantity has outgrown its scale by the factor `growth`.
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

  /// What to adopt now, or nil to leave the scales as they are.
  ///
  /// - Parameters:
  ///   - fold: All training windows so far.
  ///   - current: The scales that the model has adopted before; nil before the first time.
  public func scales(after fold: FieldScalesFold, current: FieldScales?) -> FieldScales? {
    switch self {
    case .given: return nil
    case .freeze(let windows): return current == nil && fold.windows >= windows ? fold.result : nil
    case .adapt(let windows, let growth):
      guard fold.windows >= windows else { return nil }
      guard let current else { return fold.result }
      let hasOutgrown = fold.scales.fields.contains { name, found in
        zip(found.numbers, current[name].numbers).contains { $0 > growth * $1 }
      }
      return hasOutgrown ? fold.result.union(current) : nil
    }
  }
}
