/// How far rollouts of a model are from the truth: the validation of the published program.
///
/// From every start in every window the model is rolled out; root mean squares run over starts, steps and entries, with
/// the complex modulus for ρ. Lower is better; a model is worth something when it beats `Persistence`.
public struct RolloutScore: Codable, Sendable, Equatable {
  /// Steps of each rollout.
  public var steps: Int
  /// Rollouts scored.
  public var rollouts: Int
  /// Root-mean-square errors of the components.
  public var rho: Double
  public var q: Double
  public var p: Double
  /// Root-mean-square errors of the order parameters Δ_ρ = Σ s_i Re ρ_ii / L and Δ_Q = Σ s_i Q_i / L, s = −1, +1, …
  public var rhoOrder: Double
  public var qOrder: Double
  /// Rollouts with a number that is not finite. They count as infinite errors, and are not left out.
  public var diverged: Int

  /// The published total: the three components added.
  public var total: Double { rho + q + p }
  /// The published total of the order parameters.
  public var orderTotal: Double { rhoOrder + qOrder }

  /// - Parameters:
  ///   - windows: Held-out data, that training has not seen.
  ///   - steps: Length of each rollout; windows that are shorter are left out.
  ///   - warmUp: Frames that models with memory are shown before each rollout.
  /// - Throws: `LearningError` of code `invalidData` when no window is long enough, and whatever the model throws.
  public init(
    of model: any SurrogateModel, on windows: some Sequence<TrainingWindow>, steps: Int, warmUp: Int = 0
  ) throws {
    var sums = [Double](repeating: 0, count: 5)
    var counts = [Double](repeating: 0, count: 5)
    self.steps = steps
    rollouts = 0
    diverged = 0
    for window in windows where window.steps >= steps + warmUp {
      let sites = window.sites
      let matrix = 2 * sites * sites
      for start in warmUp...(window.steps - steps) {
        let predictor = try model.predictor(sites: sites)
        for step in (start - warmUp)..<start { predictor.observe(window.state(step)) }
        var state = window.state(start)
        for step in 1...steps {
          predictor.advance(&state)
          let truth = (start + step) * window.stateSize
          var order = (rho: 0.0, q: 0.0)
          for k in 0..<state.values.count {
            let error = Double(state.values[k] - window.values[truth + k])
            sums[k < matrix ? 0 : k < matrix + sites ? 1 : 2] += error * error
          }
          for i in 0..<sites {
            let sign = i % 2 == 0 ? -1.0 : 1.0
            let (diagonal, displacement) = (2 * (i * sites + i), matrix + i)
            order.rho += sign * Double(state.values[diagonal] - window.values[truth + diagonal])
            order.q += sign * Double(state.values[displacement] - window.values[truth + displacement])
          }
          sums[3] += (order.rho / Double(sites)) * (order.rho / Double(sites))
          sums[4] += (order.q / Double(sites)) * (order.q / Double(sites))
        }
        if !state.values.allSatisfy(\.isFinite) { diverged += 1 }
        rollouts += 1
        counts[0] += Double(steps * sites * sites)
        counts[1] += Double(steps * sites)
        counts[2] += Double(steps * sites)
        counts[3] += Double(steps)
        counts[4] += Double(steps)
      }
    }
    guard rollouts > 0 else {
      throw LearningError(
        .invalidData, "no held-out window has \(steps + warmUp) steps; make longer windows or score shorter rollouts")
    }
    let roots = zip(sums, counts).map { sum, count in sum.isFinite ? (sum / count).squareRoot() : .infinity }
    rho = roots[0]
    q = roots[1]
    p = roots[2]
    rhoOrder = roots[3]
    qOrder = roots[4]
  }
}
