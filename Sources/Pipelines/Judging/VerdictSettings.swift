internal import Climate
internal import Settings

/// How checkpoints are judged.
struct VerdictSettings: Sendable {
  /// Name of the source of the truth; the only one when nil.
  let truth: String?
  /// What climates look at; what the system puts first when nil.
  let observables: [String]?
  let metrics: Metrics
  let horizon: Int
  let rollouts: Int
  let start: Int
  let randomStarts: Int
  let randomHorizon: Int?
  let threshold: Double
  let predictability: Double?
  let baselineFrames: Int
  let hasReference: Bool
  let resamples: Int
  let measuresLyapunov: Bool
  let lyapunovFrames: Int
  let cores: Int
  let share: Double
  let alerts: Alerts
  let policy: CheckpointPolicy
  let hysteresis: Double
  let forceSplit: Double

  init(_ section: ConfigurationSection) {
    truth = section.optionalText(
      "truth", "The source whose held-out trajectories are the truth; the only one when left out")
    observables = section.optionalText(
      "observables", "What is looked at, with commas; what the system puts first when left out")?
      .split(separator: ",").map(\.trimmingWhitespace)
    horizon = section.integer("horizon", default: 300, in: 1...1_000_000, "Predicted frames")
    rollouts = section.integer("rollouts", default: 4, in: 1...4096, "Held-out trajectories to predict")
    start = section.integer("start", default: 0, in: 0...1_000_000, "Frame that rollouts start from")
    randomStarts = section.integer(
      "random-starts", default: 0, in: 0...4096, "Further rollouts from frames drawn at random")
    randomHorizon = section.optionalInteger(
      "random-horizon", in: 1...1_000_000,
      "Their predicted frames; the horizon, or half a trajectory if that is shorter, when left out")
    threshold = section.number(
      "valid-threshold", default: 0.4, in: 1e-6...1e6, "Predictions are valid up to this error, in standard deviations")
    predictability = section.optionalNumber(
      "predictability-time", "Time after which the truth itself cannot be predicted; caps the valid time")
    baselineFrames = section.integer(
      "baseline-frames", default: 600, in: 0...1_000_000,
      "Training frames that the linear regression and the echo-state network are fitted to; 0 for persistence alone")
    hasReference = section.flag(
      "reference", default: true, "Read as many other held-out trajectories, for the noise floor")
    resamples = section.integer(
      "resamples", default: 100, in: 0...100_000, "Resamples of the bootstrap that gives distances their error bars")
    measuresLyapunov = section.flag(
      "lyapunov", default: false, "Largest Lyapunov exponent of the model and of the truth")
    lyapunovFrames = section.integer(
      "lyapunov-frames", default: 300, in: 10...1_000_000, "Frames that the exponents are averaged over")
    cores = section.integer("cores", default: 1, in: 1...256, "Rollouts that run at once, each on a core")
    share = section.number(
      "share", default: 1, in: 0.01...1, "Share of the time that they may be busy; pauses are made up")
    policy = section.choice(
      "policy", default: "every", among: CheckpointPolicy.allCases.map { ($0.rawValue, $0) },
      "Which checkpoints are judged when they land faster than that takes")
    hysteresis = section.number(
      "hysteresis", default: 0.05, in: 0...0.99,
      "best-by-climate moves only to a checkpoint whose score is better by this share")
    forceSplit = section.number(
      "force-split", default: 15, in: 0...1e9,
      "Time that divides early from late frames where a force field's forces are compared with the exact ones")
    alerts = Alerts(section)
    metrics = Metrics(section.section("metrics", "Which numbers are computed, and how"))
  }

  /// Frames of rollouts from random starts, on trajectories of so many frames.
  func randomHorizon(of frames: Int) -> Int { randomHorizon ?? min(horizon, max(1, frames / 2)) }

  /// Frames at the end of a log that its trainer has not learnt from: rollouts begin in them.
  /// - Throws: `RunError` when the trainer holds nothing back, or less than a rollout needs.
  func newestPart(_ node: String, in assembly: PipelineAssembly) throws -> Int {
    let trainers = assembly.description.nodes.compactMap { ($0.component as? any Training)?.settings }
    guard let part = trainers.map(\.holdBack).min() else { return horizon + rollouts }
    guard part > horizon else {
      throw RunError(
        .badInput,
        "verdict \(node): rollouts of \(horizon) frames in the newest part of a log need a trainer that has not seen it; say `hold-back: \(2 * horizon)` there"
      )
    }
    return part
  }

  /// How long to rest after so much work, for the work to be no more than its share of the time.
  func pause(after work: Duration) -> Duration { work * (1 / share - 1) }
}
