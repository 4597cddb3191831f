internal import Foundation
public import Lattice

/// What a checkpoint is worth, from rollouts against held-out truth over the same frames.
///
/// Nothing is filtered: rollouts that diverge count in every number unless the number's name says `survivors`.
public struct Verdict: Codable, Sendable {
  /// Root-mean-square errors, complex moduli for ρ.
  public struct Errors: Codable, Sendable, Equatable {
    public var rho: Double
    public var q: Double
    public var p: Double
    public var deltaRho: Double
    public var deltaQ: Double
  }

  /// Another predictor, judged in the same way.
  public struct Baseline: Codable, Sendable {
    public var name: String
    public var errors: Errors
  }

  /// How far a prediction's physics drifts; largest over all rollouts and frames.
  public struct Physics: Codable, Sendable, Equatable {
    public var traceDrift: Double
    public var hermiticityDefect: Double
    public var lowestDensity: Double
    public var highestDensity: Double
    /// Largest change of the conserved energy since the start, per site.
    public var energyDriftPerSite: Double
  }

  public var checkpoint: String
  public var step: Int
  public var rollouts: Int
  /// Predicted frames of each rollout.
  public var frames: Int
  public var timeStep: Double
  /// Over all rollouts and frames.
  public var errors: Errors
  /// Largest error of Δρ and ΔQ at any one frame.
  public var largestDeltaRho: Double
  public var largestDeltaQ: Double
  /// Error of Δρ against the frame, over rollouts.
  public var deltaRhoAgainstFrame: [Double]
  public var deltaQAgainstFrame: [Double]
  /// Median time until |Δρ error| first exceeds `validThreshold` standard deviations of the truth's Δρ.
  public var validTime: Double
  public var validThreshold: Double
  /// Share of rollouts that have not diverged, against the frame.
  public var survival: [Double]
  public var climate: ClimateComparison
  public var physics: Physics
  public var baselines: [Baseline]
  /// Truth and prediction of the first rollout, for a plot.
  public var example: [String: [Double]]

  /// - Parameters:
  ///   - truth: (B, T + 1) states, the first of each is where the rollout started.
  ///   - model: (B, T + 1) predictions from the same first states.
  ///   - baselines: Other predictions from the same states.
  public init(
    checkpoint: String, step: Int, truth: [[LatticeState]], model: [[LatticeState]], timeStep: Double,
    parameters: HolsteinParameters,
    baselines: [(name: String, states: [[LatticeState]])] = [], validThreshold: Double = 0.4
  ) {
    precondition(
      !truth.isEmpty && truth.count == model.count && zip(truth, model).allSatisfy { $0.count == $1.count },
      "a verdict needs equally many states of truth and model")
    self.checkpoint = checkpoint
    self.step = step
    self.timeStep = timeStep
    self.validThreshold = validThreshold
    rollouts = truth.count
    frames = truth[0].count - 1
    errors = Self.errors(truth, model)
    self.baselines = baselines.map { Baseline(name: $0.name, errors: Self.errors(truth, $0.states)) }
    let rhoTruth = truth.map { $0.map(\.deltaRho) }
    let rhoModel = model.map { $0.map(\.deltaRho) }
    let qTruth = truth.map { $0.map(\.deltaQ) }
    let qModel = model.map { $0.map(\.deltaQ) }
    func against(_ a: [[Double]], _ b: [[Double]]) -> [Double] {
      a[0].indices.map { t in
        (a.indices.reduce(0) { $0 + (a[$1][t] - b[$1][t]) * (a[$1][t] - b[$1][t]) } / Double(a.count)).squareRoot()
      }
    }
    func largest(_ a: [[Double]], _ b: [[Double]]) -> Double {
      var result = 0.0
      for (x, y) in zip(a, b) {
        for (u, v) in zip(x, y) { result = abs(u - v) > result || !(u - v).isFinite ? abs(u - v) : result }
      }
      return result
    }
    deltaRhoAgainstFrame = against(rhoTruth, rhoModel)
    deltaQAgainstFrame = against(qTruth, qModel)
    largestDeltaRho = largest(rhoTruth, rhoModel)
    largestDeltaQ = largest(qTruth, qModel)
    let all = rhoTruth.flatMap(\.self)
    let mean = all.reduce(0, +) / Double(all.count)
    let deviation = (all.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(all.count)).squareRoot()
    let valid = zip(rhoTruth, rhoModel).map { x, y in
      x.indices.first { !(abs(x[$0] - y[$0]) <= validThreshold * deviation) } ?? x.count - 1
    }
    validTime = Double(valid.sorted()[valid.count / 2]) * timeStep
    let onsets = zip(rhoModel, qModel).map { rho, q in
      min(Divergence.onset(rho, truth: rhoTruth) ?? .max, Divergence.onset(q, truth: qTruth) ?? .max)
    }
    survival = truth[0].indices.map { t in Double(onsets.count { $0 > t }) / Double(onsets.count) }
    climate = ClimateComparison(
      truth: ["deltaRho": rhoTruth, "deltaQ": qTruth], other: ["deltaRho": rhoModel, "deltaQ": qModel],
      timeStep: timeStep)
    physics = Self.physics(model, parameters)
    example = [
      "deltaRho truth": rhoTruth[0], "deltaRho model": rhoModel[0], "deltaQ truth": qTruth[0],
      "deltaQ model": qModel[0],
    ]
  }

  /// RMSE over rollouts and predicted frames; the start, which is given, does not count.
  static func errors(_ truth: [[LatticeState]], _ model: [[LatticeState]]) -> Errors {
    var sums = (rho: 0.0, q: 0.0, p: 0.0, deltaRho: 0.0, deltaQ: 0.0)
    var frames = 0
    var sites = 1
    for (x, y) in zip(truth, model) {
      for (a, b) in zip(x, y).dropFirst() {
        for (u, v) in zip(a.rho, b.rho) { sums.rho += (u - v) * (u - v) }
        for (u, v) in zip(a.q, b.q) { sums.q += (u - v) * (u - v) }
        for (u, v) in zip(a.p, b.p) { sums.p += (u - v) * (u - v) }
        sums.deltaRho += (a.deltaRho - b.deltaRho) * (a.deltaRho - b.deltaRho)
        sums.deltaQ += (a.deltaQ - b.deltaQ) * (a.deltaQ - b.deltaQ)
        frames += 1
        sites = a.sites
      }
    }
    let n = Double(max(1, frames))
    let L = Double(sites)
    return Errors(
      rho: (sums.rho / (n * L * L)).squareRoot(), q: (sums.q / (n * L)).squareRoot(),
      p: (sums.p / (n * L)).squareRoot(),
      deltaRho: (sums.deltaRho / n).squareRoot(), deltaQ: (sums.deltaQ / n).squareRoot())
  }

  private static func physics(_ model: [[LatticeState]], _ parameters: HolsteinParameters) -> Physics {
    var result = Physics(
      traceDrift: 0, hermiticityDefect: 0, lowestDensity: .infinity, highestDensity: -.infinity, energyDriftPerSite: 0)
    for rollout in model {
      let trace = rollout[0].particleNumber
      let energy = rollout[0].energy(parameters)
      for state in rollout {
        // `max` of a NaN is a NaN: a divergence is seen, not skipped.
        result.traceDrift = Self.larger(result.traceDrift, abs(state.particleNumber - trace))
        result.hermiticityDefect = Self.larger(result.hermiticityDefect, state.hermiticityDefect)
        result.energyDriftPerSite = Self.larger(
          result.energyDriftPerSite, abs(state.energy(parameters) - energy) / Double(state.sites))
        for site in 0..<state.sites {
          result.lowestDensity = -Self.larger(-result.lowestDensity, -state.density(site))
          result.highestDensity = Self.larger(result.highestDensity, state.density(site))
        }
      }
    }
    return result
  }

  private static func larger(_ a: Double, _ b: Double) -> Double { a.isNaN || b.isNaN ? .nan : max(a, b) }

  /// The verdict in a sentence or two.
  public var plainWords: String {
    let survivors = survival.last ?? 0
    var words = String(
      format: "Over %d frames (%.0f time units) from %d held-out states: RMSE of Δρ %.2e, of ΔQ %.2e.", frames,
      Double(frames) * timeStep,
      rollouts, errors.deltaRho, errors.deltaQ)
    if let persistence = baselines.first(where: { $0.name == "persistence" }) {
      words += String(
        format: " Persistence would give %.2e and %.2e.", persistence.errors.deltaRho, persistence.errors.deltaQ)
    }
    if survivors < 1 { words += String(format: " %.0f %% of the rollouts diverged.", 100 * (1 - survivors)) }
    return words
  }
}
