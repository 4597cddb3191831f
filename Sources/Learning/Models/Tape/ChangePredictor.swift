internal import Trajectories

/// A predictor that says by how much a state changes: what `TapeStep` calls s_Δ E⁺ f(E u / s).
protocol ChangePredictor: Predictor {
  /// Writes the change (S) of a state (S), zero for what does not evolve.
  func writeChange(of state: UnsafePointer<Float>, to change: UnsafeMutablePointer<Float>)
}

extension ChangePredictor {
  /// Rollouts of a model with this configuration: the change is that of one interval, or per interval and integrated.
  func rollout(_ configuration: ModelConfiguration) -> any Predictor {
    guard configuration.learns == .tendency, let interval = configuration.interval else { return self }
    let (count, rate) = (layout.count, Float(1 / interval))
    return IntegratingPredictor(layout, interval: interval) { state, tendency in
      self.writeChange(of: state, to: tendency)
      for k in 0..<count { tendency[k] *= rate }
    }
  }
}
