import Foundation
import Settings
import TestSupport
import Testing
import Trajectories

@testable import Climate

@Suite("A verdict")
struct VerdictTests {
  private let chain = ChainSystem(sites: 4)
  /// Judged once: mixtures are slow without optimisation.
  private static let judged = Result { try VerdictTests().judge() }
  /// Metrics that need no mixtures.
  private static let quick = Metrics(Metrics.standard.all.filter { !($0 is MixtureStateSpace) })

  /// Truth, a model from the same starts that goes its own way, and what stands still there.
  private func wanderers() throws -> (truth: RolloutTruth, model: [[State<Double>]], frozen: [[State<Double>]]) {
    let truth = (0..<3).map { wandering(UInt64(100 + $0), frames: 40, sites: 4) }
    let model = truth.enumerated().map {
      wandering(UInt64(200 + $0.offset), frames: 40, sites: 4, from: $0.element[0])
    }
    let others = (0..<3).map { chain.states(wandering(UInt64(300 + $0), frames: 40, sites: 4)) }
    let reference = RolloutTruth.series(of: chain.observables, others)
    return (
      try chain.truth(truth, reference: reference), model.map(chain.states),
      truth.map { t in chain.states(t.map { _ in t[0] }) }
    )
  }

  private func verdict() throws -> Verdict { try Self.judged.get() }

  private func judge() throws -> Verdict {
    let (truth, model, frozen) = try wanderers()
    let random = try RolloutTruth(
      of: chain, starts: [.init(trajectory: 1, frame: 2), .init(trajectory: 4, frame: 7)],
      states: Array(truth.states[1...]), interval: 0.5)
    return Verdict(
      checkpoint: "step-00000010", step: 10,
      Rollouts(truth, model: model, predictability: 15, resamples: 20, seed: 7),
      baselines: [Verdict.Baseline("persistence", Rollouts(truth, model: frozen, predictability: 15, seed: 7))],
      randomStarts: Rollouts(random, model: Array(model[1...])),
      lyapunov: LyapunovComparison(estimator: LyapunovProbe.estimator, model: [], truth: [], frames: 3))
  }

  @Test("All numbers are those of the formulas that knew the chain's fields by name, to the last digit")
  func numbers() throws {
    let verdict = try verdict()
    // Computed by the version before states were vectors, from the same numbers.
    let earlier: [String: Double] = [
      "D_stsp/gtf-bin30": 9.53675414195636,
      "D_stsp/gtf-gmm1": 0.2387675174816427,
      "RMSE P": 0.230907679322244,
      "RMSE Q": 0.22110662565210956,
      "RMSE deltaQ": 0.13285929226488455,
      "RMSE deltaQ, random starts": 0.15080623583013744,
      "RMSE deltaRho": 0.13230414022112957,
      "RMSE deltaRho, random starts": 0.15123359309262432,
      "RMSE rho": 0.29967481688674347,
      "climate score": 1.3300844117918587,
      "deltaQ ACF/published-global-mean-rms": 0.1558955984147699,
      "deltaQ D_H/dysts-100": 0.32033608668845,
      "deltaQ D_H/gtf-s20": 7.78040622593202e-05,
      "deltaQ W1/empirical-quantiles": 0.033399746572229334,
      "deltaRho ACF/published-global-mean-rms": 0.0878684916468113,
      "deltaRho D_H/dysts-100": 0.3935503635507548,
      "deltaRho D_H/gtf-s20": 0.0002981994804486833,
      "deltaRho W1/empirical-quantiles": 0.06550340987996547,
      "highest density": 0.4899509980585119,
      "lowest density": -0.44523632895876886,
      "survival": 0.6666666666666666,
      "survival, random starts": 0.5,
      "trace drift": 0.9860187936760973,
      "valid time": 1.0,
      "valid time, deltaRho": 1.0,
      "valid time, state": 0.5,
    ]
    let numbers = verdict.numbers
    for (name, expected) in earlier {
      let found = try #require(numbers[name], "\(name)")
      // Logarithms and sines are the system library's, and may differ in the last digit between systems.
      let isArithmetic = !["D_stsp", "D_H", "climate"].contains { name.contains($0) }
      #expect(isArithmetic ? found == expected : abs(found - expected) <= 1e-13 * abs(expected), "\(name): \(found)")
    }
  }

  @Test("Error bars, noise floors and survivors are those of before, too")
  func distances() throws {
    let distances = try verdict().climate.distances.map(\.distance)
    let floors = distances.map { String(format: "%.3e %.3e %.3e", $0.standardError!, $0.noiseFloor!, $0.survivors!) }
    #expect(
      floors == [
        "3.109e-02 3.262e-02 1.824e-02", "5.311e-02 2.152e-02 2.639e-01", "1.940e-04 5.707e-05 9.234e-05",
        "7.720e-02 1.735e-01 3.692e-01", "2.849e-02 6.013e-02 7.367e-02", "9.230e-02 3.583e-01 1.049e-01",
        "2.816e-04 1.103e-04 4.039e-05", "5.041e-02 2.927e-01 3.814e-01", "6.323e-01 1.071e+01 9.578e+00",
        "2.267e-01 2.224e-01 2.551e-01",
      ])
  }

  @Test("Words name what was looked at by its symbol")
  func words() throws {
    var verdict = try verdict()
    #expect(verdict.rowWords == "rollout RMSE Δρ 1.32e-01  ΔQ 1.33e-01   surviving  67 %")
    #expect(verdict.statusWords == "Δρ 1.3e-01 ΔQ 1.3e-01")
    #expect(
      verdict.plainWords.hasPrefix(
        "Over 39 frames (20 time units) from 3 held-out states: its climate is 1.3 times as far"),
      "what cannot be predicted for long is judged by its climate first")
    #expect(verdict.plainWords.contains(" RMSE of Δρ 1.32e-01, of ΔQ 1.33e-01."))
    verdict.predictabilityTime = nil
    #expect(
      verdict.plainWords
        == "Over 39 frames (20 time units) from 3 held-out states: RMSE of Δρ 1.32e-01, of ΔQ 1.33e-01. "
        + "Persistence would give 1.46e-01 and 9.56e-02. Its climate is 1.3 times as far from the truth's as other truth is. "
        + "33 % of the rollouts diverged.")
    #expect(
      Set(verdict.headline.keys)
        == ["climate score", "RMSE Δρ", "RMSE ΔQ", "RMSE ρ", "valid time", "survival", "trace drift"])
  }

  @Test("Where trajectories hardly differ, the ratio to that is said with what it is a ratio of")
  func regular() throws {
    func quench(_ shift: Double) -> [[[Double]]] {
      (0..<4).map { k in
        (0..<200).map { t in
          var values = [Double](repeating: 0, count: 40)
          let phase = 0.1 * Double(t) + 1e-5 * Double(k) + shift
          for i in 0..<4 { values[2 * (i * 4 + i)] = 0.5 + (i % 2 == 0 ? -0.1 : 0.1) * sin(phase) }
          for i in 0..<4 { values[32 + i] = (i % 2 == 0 ? -0.2 : 0.2) * cos(phase) }
          return values
        }
      }
    }
    let reference = RolloutTruth.series(of: chain.observables, quench(4e-5).map(chain.states))
    let truth = try chain.truth(quench(0), reference: reference)
    let model = quench(0).map { chain.states($0.map { $0.map { 1.05 * $0 } }) }
    let words = Verdict(checkpoint: "c", step: 1, Rollouts(truth, model: model, resamples: 4), metrics: Self.quick)
      .plainWords
    #expect(words.contains("RMSE of Δρ"))
    // What it is a ratio to stands before the ratio, and the number of the system at hand before both.
    let ratio = try #require(
      words.firstMatch(
        of:
          #/Trajectories hardly differ here: the distribution of Δρ is [\d.]+ % of a standard deviation off, that of other truth [\de.-]+ %, and to so little the climate score of [\d.]+ is a ratio\./#
      ))
    let errors = try #require(words.firstRange(of: "RMSE of Δρ"))
    #expect(errors.upperBound < ratio.range.lowerBound, "\(words)")
  }

  @Test("A perfect model has no error and survives; a divergent one is counted in every number")
  func divergent() throws {
    let vectors = (0..<3).map { wandering(UInt64($0), frames: 20, sites: 4) }
    let truth = try chain.truth(vectors, interval: 0.64)
    let frozen = vectors.map { rollout in chain.states(rollout.map { _ in rollout[0] }) }
    let perfect = Verdict(
      checkpoint: "c", step: 1, Rollouts(truth, model: truth.states), metrics: Self.quick,
      baselines: [Verdict.Baseline("persistence", Rollouts(truth, model: frozen), metrics: Self.quick)])
    #expect(perfect.errors == ["rho": 0, "Q": 0, "P": 0, "deltaRho": 0, "deltaQ": 0])
    #expect(perfect.survival.count == 20 && perfect.survival.allSatisfy { $0 == 1 })
    #expect(abs(try #require(perfect.validTime) - 19 * 0.64) < 1e-12)
    #expect(try #require(perfect.baselines[0].errors["deltaRho"]) > 0.01)
    var broken = truth.states
    broken[1][10]["Q"][32] = .nan
    broken[1][10]["rho"][0] = .infinity
    let verdict = Verdict(checkpoint: "c", step: 1, Rollouts(truth, model: broken), metrics: Self.quick)
    #expect(verdict.survival[9] == 1 && abs(verdict.survival[10] - 2.0 / 3) < 1e-12)
    #expect(verdict.errors["deltaRho"]?.isFinite == false && verdict.errors["Q"]?.isFinite == false)
    #expect(verdict.score("trace drift")?.value.isNaN == true)
    #expect(verdict.score("largest error", of: "deltaQ")?.value.isNaN == true)
    #expect(verdict.plainWords.contains("33 % of the rollouts diverged"))
    #expect(verdict.rowWords == "rollout RMSE Δρ diverged  ΔQ diverged   surviving  67 %")
    #expect(verdict.plainWords.contains("RMSE of Δρ diverged, of ΔQ diverged") && !verdict.plainWords.contains("nan"))
    #expect(verdict.rank.value == .infinity)
  }

  @Test("A truth with a hole or one that breaks its laws is refused by name")
  func unsound() throws {
    var vectors = (0..<2).map { wandering(UInt64($0), frames: 10, sites: 4) }
    #expect(throws: ClimateError.self) { try ChainSystem(sites: 4, limit: 1e-9).truth(vectors) }
    vectors[1][7][3] = .nan
    let states = vectors.map(chain.states)
    #expect {
      try RolloutTruth(
        of: chain, starts: [.init(trajectory: 8, frame: 100), .init(trajectory: 9, frame: 100)], states: states,
        interval: 1)
    } throws: { error in
      let error = error as? ClimateError
      return error?.code == .notFinite && error?.message.contains("trajectory 9, frame 107") == true
    }
    // A law is kept by single precision to its own round-off only.
    func kept(_ t: Int) -> [Double] {
      (0..<40).map { k -> Double in
        let value: Double = (k % 10 == 0 ? 0.3 : 0) + 3e-8 * Double(t * (k + 1))
        return Double(Float(value))
      }
    }
    #expect(throws: Never.self) { try ChainSystem(sites: 4, limit: 1e-9).truth([(0..<5).map(kept)]) }
  }

  @Test("Nothing survives a comparison with a truth that is not a number, or with none")
  func nothingSurvives() {
    let model = [[0.1, 0.2, 0.3]]
    #expect(Divergence.onset(model[0], truth: [[0, .nan, 1]]) == 0)
    #expect(Divergence.onset(model[0], truth: []) == 0)
    #expect(Divergence.divergent(model, limit: Divergence.limit([[.nan, 0, 1], [0, 5, 0]])) == [0])
    #expect(throws: ClimateError.self) {
      try ClimateComparison(truth: ["x": [[0, .nan, 1]]], other: ["x": model], timeStep: 1)
    }
    #expect(throws: ClimateError.self) { try ClimateComparison(truth: ["x": model], other: ["y": model], timeStep: 1) }
  }

  @Test("An observable that the truth conserves makes no rollout divergent")
  func conserved() {
    let truth = [[1, 1 + 1e-15, 1 - 1e-15]]
    #expect(Divergence.onset([1, 1 + 1e-7, 1 - 1e-7], truth: truth) == nil)
    #expect(Divergence.onset([1, .nan, 1], truth: truth) == 1)
    #expect(Divergence.onset([0, 1, 0], truth: [[0, 0.9, 0]]) == 1)
  }

  @Test("The best is the one of the lowest climate score, and of the lowest error where one has no score")
  func best() throws {
    let (truth, model, _) = try wanderers()
    func mixed(_ a: State<Double>, _ b: State<Double>, _ share: Double) -> State<Double> {
      var a = a
      for k in a.values.indices { a.values[k] += share * (b.values[k] - a.values[k]) }
      return a
    }
    func judged(_ step: Int, _ share: Double) -> Verdict {
      let states = zip(truth.states, model).map { x, y in zip(x, y).map { mixed($0, $1, share) } }
      return Verdict(
        checkpoint: "\(step)", step: step, Rollouts(truth, model: states, resamples: 2), metrics: Self.quick)
    }
    let verdicts = [judged(1, 0.9), judged(2, 0.1), judged(3, 0.5)]
    #expect(verdicts[1].rank.measure == "climate score")
    #expect(Verdict.best(of: verdicts)?.step == verdicts.min { $0.climateScore! < $1.climateScore! }?.step)
    var bare = verdicts
    for index in bare.indices { bare[index].scores.removeAll { $0.id == "climate score" } }
    #expect(bare[0].rank.measure == "RMSE deltaRho + deltaQ")
    #expect(Verdict.best(of: bare)?.step == 2)
    #expect(Verdict.best(of: []) == nil)
  }

  @Test("A threshold may spell a number either way")
  func spellings() throws {
    let numbers = try verdict().numbers
    for name in [
      "deltaQ W1/empirical-quantiles", "W1/empirical-quantiles deltaQ", "RMSE deltaRho", "deltaRho RMSE", "survival",
      "valid time", "valid time state", "RMSE deltaQ, random starts",
    ] { #expect(numbers[name]?.isNaN == false, "\(name)") }
    #expect(numbers["largest Lyapunov exponent"] == nil)
  }

  @Test("Every score says over how many frames and at which interval it is")
  func conventions() throws {
    for score in try verdict().scores {
      #expect(score.length != nil && score.interval == 0.5, "\(score.name)")
      #expect(score.curve == nil)
    }
  }

  @Test("What is written is read again")
  func roundTrip() throws {
    let verdict = try verdict()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let line = try encoder.encode(verdict)
    let again = try JSONDecoder().decode(Verdict.self, from: line)
    #expect(try encoder.encode(again) == line)
    #expect(again.plainWords == verdict.plainWords && again.numbers == verdict.numbers)
    let keys = try #require(try JSONSerialization.jsonObject(with: line) as? [String: Any]).keys
    for key in [
      "scores", "climate", "errorsAgainstFrame", "survival", "validTimes", "lyapunov", "example", "baselines",
    ] {
      #expect(keys.contains(key))
    }
  }

  @Test("Verdicts of earlier versions are read: their errors, scores, baselines and words")
  func earlier() throws {
    let url = Places.data.appending(path: "climate/verdict-of-version-1.json")
    let verdict = try JSONDecoder().decode(Verdict.self, from: Data(contentsOf: url))
    #expect(verdict.checkpoint == "step-00009000" && verdict.step == 9000 && verdict.frames == 300)
    #expect(verdict.errors["deltaRho"] == 0.0014819893652043043 && verdict.errors["Q"] == 0.0012496176033556215)
    #expect(verdict.climateScore == 186.75212674791146 && verdict.validTime == 192)
    #expect(verdict.numbers["deltaRho W1/empirical-quantiles"] == 0.0005221870967113291)
    #expect(verdict.numbers["energy drift per site"] == 0.002697200293447999)
    #expect(verdict.baselines[0].errors["deltaRho"] == 0.07350508919247999 && verdict.baselines[0].survival == 1)
    #expect(verdict.baselines[0].climateScore == 35698.3143866795)
    #expect(
      verdict.plainWords.contains("RMSE of Δρ 1.48e-03, of ΔQ 1.22e-03. Persistence would give 7.35e-02 and 2.46e-01"))
    let least = try JSONDecoder().decode(Verdict.self, from: Data(#"{"checkpoint": "a", "step": 3}"#.utf8))
    #expect(least.step == 3 && least.scores.isEmpty)
  }

  @Test("Metrics are chosen and set by their keys, and unknown ones are refused")
  func metrics() throws {
    let diagnostics = ConfigurationDiagnostics()
    let section = try ConfigurationSection(
      ["state-space-bins.bins=10", "plain-spectrum.on=false", "smoothed-spectrum.smoothing=5", "rsme.on=false"],
      diagnostics: diagnostics)
    let metrics = Metrics(section)
    section.refuseUnknownKeys()
    #expect(throws: ConfigurationError.self) { try diagnostics.throwIfAny() }
    #expect(metrics.all.count == MetricCatalogue.all.count - 1)
    let (truth, model, _) = try wanderers()
    let names = Set(
      Verdict(checkpoint: "c", step: 1, Rollouts(truth, model: model, resamples: 2), metrics: metrics).numberNames)
    #expect(names.contains("D_stsp/gtf-bin10") && names.contains("deltaQ D_H/gtf-s5"))
    #expect(!names.contains { $0.contains("dysts") })
  }

  @Test("Each metric alone gives the scores that the verdict has")
  func alone() throws {
    let (truth, model, _) = try wanderers()
    let rollouts = Rollouts(truth, model: model, resamples: 2)
    let all = Verdict(checkpoint: "c", step: 1, rollouts).scores
    for metric in Metrics.standard.all {
      let scores = metric.scores(rollouts)
      // The chain has no order parameter whose domains grow.
      #expect(scores.isEmpty == (metric is CorrelationDistance), "\(type(of: metric).word)")
      for var score in scores {
        score.curve = nil
        #expect(all.contains(score), "\(score.name)")
      }
    }
  }

  @Test("Many observables are judged by mixtures, as histograms of many dimensions are empty")
  func manyObservables() throws {
    let vectors = (0..<3).map { wandering(UInt64($0), frames: 30, sites: 1).map { $0 + $0.reversed() } }
    let system = RecordedSystem("log", layout: StateLayout([Field("x", shape: [8])]))
    func states(_ offset: Int) -> [[State<Double>]] {
      (0..<3).map { k in vectors[(k + offset) % 3].map { State(system.layout, $0) } }
    }
    let truth = try RolloutTruth(of: system, states: states(0), interval: 1)
    let verdict = Verdict(checkpoint: "c", step: 1, Rollouts(truth, model: states(1), resamples: 2))
    #expect(verdict.observables.count == 8)
    #expect(verdict.climate.stateSpace.map(\.estimator) == ["D_stsp/gtf-gmm1"])
    #expect(verdict.rowWords.components(separatedBy: "x[").count == 4, "three of them are named")
  }

  @Test("Parameters are no prediction, and a field that is observed is one number")
  func roles() throws {
    let layout = StateLayout([Field("x"), Field("y"), Field("g", role: .parameter)])
    let system = RecordedSystem("log", layout: layout)
    var random = Hashed(state: 4)
    let states = (0..<2).map { k in
      (0..<20).map { _ in State(layout, [random.next(), random.next(), Double(k)]) }
    }
    let observables = ["y", "x"].compactMap { system.observable($0) }
    let truth = try RolloutTruth(of: system, observables: observables, states: states, interval: 1)
    let model = states.map { $0.map { State(layout, $0.values.map { $0 + 1 }) } }
    let verdict = Verdict(checkpoint: "c", step: 1, Rollouts(truth, model: model, resamples: 2))
    #expect(Set(verdict.errors.keys) == ["x", "y"] && verdict.validTimes.map(\.norm) == ["y", "state"])
    #expect(verdict.rowWords.hasPrefix("rollout RMSE y 1.00e+00  x 1.00e+00"))
    let variance = (0...1).map { place in
      let values = states.flatMap { $0.map { $0.values[place] } }
      let mean = values.reduce(0, +) / 40
      return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 40
    }
    let expected = ((1 / variance[0] + 1 / variance[1]) / 2).squareRoot()
    #expect(abs(Rollouts(truth, model: model).errors.relative[0][3] - expected) < 1e-12)
  }
}
