import Climate
import Foundation
import Learning
import Pipelines
import Settings
import Trajectories

/// What one learner reached on one system: a line of the board's file. Numbers that there are none of are left out.
struct Cell: Codable, Sendable {
  var system: String
  var learner: String
  /// Of the observed points, in standard deviations.
  var noise: Double
  var seed: UInt64
  var numbers = 0
  /// Symmetric mean absolute percentage error of the forecast, 0 to 200; a number that is not finite counts 200.
  var smape: Double?
  /// Until the error accumulated over the forecast exceeds 30, in Lyapunov times; `isCapped` when it never does.
  var validTime: Double?
  var isCapped: Bool?
  /// D_stsp and D_H over `climate` frames of two rollouts, and the same between truth and other truth.
  var stateSpace: Double?
  var stateSpaceFloor: Double?
  var stateSpaceName: String?
  var spectrum: Double?
  var spectrumFloor: Double?
  var climate = BoardData.climate
  /// Share of the climate's rollouts that diverged.
  var lost: Double?
  var exponent: Double?
  var truthExponent: Double?
  var truthExponentError: Double?
  var parameters: Int?
  /// Of the whole choice and fit, and of the fit alone.
  var seconds: Double?
  var fitSeconds: Double?
  var framesPerSecond: Double?
  var settings: String?
  /// Why there is no more.
  var problem: String?

  var key: String { "\(system) \(learner) \(noise) \(seed)" }

  init(_ system: String, _ learner: String, noise: Double, seed: UInt64) {
    self.system = system
    self.learner = learner
    self.noise = noise
    self.seed = seed
  }

  /// 2 · 100 |y − ŷ| / (|y| + |ŷ|), averaged over the numbers of each point.
  static func smape(_ predicted: [Float], _ truth: [Float]) -> Double {
    zip(predicted, truth).reduce(0.0) { sum, pair in
      let (y, x) = (Double(pair.0), Double(pair.1))
      guard y.isFinite else { return sum + 200 }
      return sum + (y == x ? 0 : 200 * abs(y - x) / (abs(y) + abs(x)))
    } / Double(truth.count)
  }

  static func smape(_ predicted: [[Float]], _ truth: ArraySlice<[Float]>) -> Double {
    zip(predicted, truth).reduce(0) { $0 + smape($1.0, $1.1) } / Double(truth.count)
  }

  /// Fits and judges.
  mutating func fill(_ learner: BoardLearner, _ data: BoardData) {
    numbers = data.layout.count
    (truthExponent, truthExponentError) = (data.exponent, data.exponentError)
    do {
      let fitted = try choose(learner, data)
      try judge(fitted, data)
    } catch {
      problem = "\(error)"
    }
  }

  /// The candidate that forecasts the last fifth of the points best from the others, fitted to all of them.
  private mutating func choose(_ learner: BoardLearner, _ data: BoardData) throws -> Fitted {
    let clock = ContinuousClock()
    let points = data.observed(noise: Float(noise), seed: seed)
    let split = BoardData.training - BoardData.forecast
    var best: (candidate: BoardLearner.Candidate, error: Double)?
    var problem: (any Error)?
    let begin = clock.now
    for candidate in learner.candidates {
      guard learner.candidates.count > 1 else {
        best = (candidate, 0)
        break
      }
      do {
        let part = Array(points[..<split])
        let fitted = Fitted(
          model: try candidate.fit(part, data.layout, interval: data.interval, seed: seed), words: "", seconds: 0)
        let error = Self.smape(try fitted.forecast(part, data.layout, steps: BoardData.forecast), points[split...])
        if best.map({ error < $0.error }) ?? true { best = (candidate, error) }
      } catch { problem = error }
    }
    guard let best else {
      if learner.candidates.isEmpty { return Fitted(model: nil, words: "", seconds: 0) }
      throw problem ?? Problem("nothing could be fitted")
    }
    let last = clock.now
    let model = try best.candidate.fit(points, data.layout, interval: data.interval, seed: seed)
    (seconds, fitSeconds) = ((clock.now - begin) / .seconds(1), (clock.now - last) / .seconds(1))
    settings = best.candidate.words
    parameters = model.parameters.count
    return Fitted(model: model, words: best.candidate.words, seconds: fitSeconds!)
  }

  private mutating func judge(_ fitted: Fitted, _ data: BoardData) throws {
    let points = data.observed(noise: Float(noise), seed: seed)
    let truth = data.points[BoardData.training...]
    let forecast = try fitted.forecast(points, data.layout, steps: BoardData.forecast)
    smape = Self.smape(forecast, truth)
    var sum = 0.0
    var valid = forecast.count
    for (k, pair) in zip(forecast, truth).enumerated() {
      sum += Self.smape(pair.0, pair.1)
      if sum / Double(k + 1) > 30 {
        valid = k
        break
      }
    }
    isCapped = valid == forecast.count
    if let exponent = data.exponent, exponent > 0 { validTime = Double(valid) * data.interval * exponent }
    guard let model = fitted.model else { return }
    try judgeClimate(model, data)
  }

  private mutating func judgeClimate(_ model: any TrainableModel, _ data: BoardData) throws {
    let truth = try data.rolloutTruth()
    let predictor = try model.predictor(for: data.layout)
    let clock = ContinuousClock()
    var spent = Duration.zero
    let states = data.truth.map { rows -> [State<Double>] in
      predictor.forget()
      for row in rows[(BoardData.memory - min(model.memory, BoardData.memory))..<BoardData.memory] {
        predictor.observe(State(data.layout, row).single)
      }
      let start = State(data.layout, rows[BoardData.memory]).single
      var rollout: [State<Float>] = []
      spent += clock.measure { rollout = predictor.rollout(from: start, steps: BoardData.climate) }
      return rollout.map(\.double)
    }
    framesPerSecond = Double(2 * BoardData.climate) / (spent / .seconds(1))
    let rollouts = Rollouts(truth, model: states, resamples: 2)
    let listing = ConfigurationSection.listing()
    let isSmall = data.layout.count <= 5
    let space: any Metric = isSmall ? BinnedStateSpace(listing) : MixtureStateSpace(listing)
    let verdict = Verdict(
      checkpoint: "", step: 0, rollouts, metrics: Metrics([space, SmoothedSpectrumDistance(listing)]))
    func mean(_ prefix: String) -> (value: Double, floor: Double, id: String)? {
      let those = verdict.scores.filter { $0.id.hasPrefix(prefix) }
      guard let id = those.first?.id else { return nil }
      let count = Double(those.count)
      return (
        those.reduce(0) { $0 + $1.value } / count, those.reduce(0) { $0 + ($1.noiseFloor ?? .nan) } / count, id
      )
    }
    func finite(_ x: Double?) -> Double? { x.flatMap { $0.isFinite ? $0 : nil } }
    if let found = mean("D_stsp") {
      (stateSpace, stateSpaceFloor, stateSpaceName) = (finite(found.value), finite(found.floor), found.id)
    }
    if let found = mean("D_H") { (spectrum, spectrumFloor) = (finite(found.value), finite(found.floor)) }
    lost = verdict.survival.last.map { 1 - $0 } ?? Double(states.count { !$0.last!.isFinite }) / Double(states.count)
    let probe = LyapunovProbe(
      starts: truth.states.map { .init(state: $0.last!.values, time: 0) }, frames: 1000, interval: data.interval)
    let exponents = try ModelExponents.exponents(of: model, probe, over: truth).compactMap { $0?.value }
    if exponents.count == truth.states.count { exponent = finite(exponents.reduce(0, +) / Double(exponents.count)) }
  }
}
