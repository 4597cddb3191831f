import Foundation
import Settings
import Testing

@testable import Climate

@Suite("A comparison of climates")
struct ClimateComparisonTests {
  private func ensemble(_ phi: Double, _ seeds: Range<UInt64>, length: Int = 200) -> [[Double]] {
    seeds.map { autoregressive(phi, length: length, seed: $0) }
  }

  /// Two coupled observables: the second follows the first by a quarter of a period and some noise.
  private func oscillations(_ seeds: Range<UInt64>, length: Int = 300) -> [String: [[Double]]] {
    var result: [String: [[Double]]] = ["a": [], "b": []]
    for seed in seeds {
      var random = SeededNormals(seed)
      var (x, y) = (random.next(), random.next())
      var (a, b): ([Double], [Double]) = ([], [])
      for _ in 0..<length {
        // A damped rotation that is kicked: an Ornstein–Uhlenbeck process in the plane.
        (x, y) = (0.97 * (x * cos(0.3) - y * sin(0.3)), 0.97 * (x * sin(0.3) + y * cos(0.3)))
        x += 0.24 * random.next()
        y += 0.24 * random.next()
        a.append(x)
        b.append(y)
      }
      result["a"]!.append(a)
      result["b"]!.append(b)
    }
    return result
  }

  /// All metrics, with fewer draws: the debug build takes a second for a thousand.
  private static func metrics() throws -> Metrics {
    Metrics(try ConfigurationSection(["state-space-mixture.draws=100"], diagnostics: ConfigurationDiagnostics()))
  }

  private func compare(_ truth: [String: [[Double]]], _ other: [String: [[Double]]], reference: [String: [[Double]]]?)
    throws -> ClimateComparison
  {
    try ClimateComparison(
      truth: truth, other: other, reference: reference, timeStep: 1, maximumLag: 40, metrics: Self.metrics(),
      resamples: 10)
  }

  @Test("Truth against other truth is at its noise floor in every number")
  func same() throws {
    let truth = oscillations(0..<8)
    let result = try compare(truth, oscillations(20..<28), reference: oscillations(40..<48))
    #expect(result.distances.count == 10)
    for (name, distance) in result.distances {
      let ratio = distance.value / distance.noiseFloor!
      #expect(ratio > 0.1 && ratio < 10, "\(name ?? "all") \(distance.estimator): \(ratio)")
      #expect(distance.noiseFloorSource == "other truth" && distance.standardError! > 0)
    }
    #expect(result.score! > 0.5 && result.score! < 2)
  }

  @Test("Halves of the truth are the noise floor where there is no other truth, and none is claimed for one trajectory")
  func floor() throws {
    let truth = ["x": ensemble(0.8, 0..<10)]
    let result = try compare(truth, ["x": ensemble(0.8, 20..<30)], reference: nil)
    for (_, distance) in result.distances {
      #expect(distance.noiseFloor! > 0 && distance.noiseFloorSource!.contains("halves"))
    }
    let single = try compare(["x": ensemble(0.8, 0..<1)], ["x": ensemble(0.8, 1..<2)], reference: nil)
    for (_, distance) in single.distances {
      #expect(distance.noiseFloor == nil && distance.standardError == nil && distance.furtherTrajectories == 1)
    }
    #expect(single.score == nil)
  }

  @Test("The bootstrap's error bar is the spread of the distance over independent ensembles")
  func errorBars() {
    let shift = 0.5
    let values = (0..<40).map { k -> (value: Double, error: Double) in
      let truth = ensemble(0.8, UInt64(1000 * k)..<UInt64(1000 * k + 10), length: 200)
      let other = ensemble(0.8, UInt64(1000 * k + 500)..<UInt64(1000 * k + 510), length: 200).map {
        $0.map { $0 + shift }
      }
      let distance = WassersteinDistance(.listing()).distance(truth, other, DistanceContext())
      return (distance.value, distance.standardError(resamples: 60, paired: false, seed: UInt64(k))!)
    }
    let mean = values.reduce(0) { $0 + $1.value } / 40
    let spread = (values.reduce(0) { $0 + ($1.value - mean) * ($1.value - mean) } / 39).squareRoot()
    let claimed = values.reduce(0) { $0 + $1.error } / 40
    #expect(claimed > 0.6 * spread && claimed < 1.6 * spread, "claimed \(claimed), found \(spread)")
  }

  @Test("What is wanting is told: four times the trajectories for half the error")
  func wanting() throws {
    let distance = try #require(
      compare(["x": ensemble(0.9, 0..<6)], ["x": ensemble(0.9, 50..<56)], reference: nil).observables[0].wasserstein1)
    let error = distance.standardError!
    let total = 6 * pow(error / (0.2 * distance.value), 2)
    #expect(distance.furtherTrajectories == max(0, Int(total.rounded(.up)) - 6))
    let apart = try compare(
      ["x": ensemble(0.9, 0..<6)], ["x": ensemble(0.9, 50..<56).map { $0.map { $0 + 40 } }], reference: nil)
    #expect(apart.observables[0].wasserstein1?.furtherTrajectories == 0)
    #expect(apart.observables[0].wasserstein1?.isAboveNoise == true)
  }

  @Test("In JSON every distance is where it always was, and scores are beside them")
  func coding() throws {
    let result = try compare(oscillations(0..<4), oscillations(20..<24), reference: nil)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let data = try encoder.encode(result)
    let keys = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect((keys["scores"] as? [[String: Any]])?.count == 10)
    let observable = try #require((keys["observables"] as? [[String: Any]])?.first)
    #expect(
      Set(observable.keys)
        == ["name", "truth", "other", "rmse", "wasserstein1", "autocorrelationDistance", "spectralDistances"])
    #expect((observable["spectralDistances"] as? [[String: Any]])?.count == 2)
    #expect(try encoder.encode(JSONDecoder().decode(ClimateComparison.self, from: data)) == data)
  }

  @Test("The same seed gives the same bits, another seed other error bars")
  func reproducible() throws {
    let (truth, other) = (oscillations(0..<5, length: 100), oscillations(20..<25, length: 100))
    func errors(_ seed: UInt64) throws -> [Double] {
      try ClimateComparison(
        truth: truth, other: other, timeStep: 1, metrics: Self.metrics(), resamples: 20, seed: seed
      ).distances.map { $0.distance.standardError! }
    }
    #expect(try errors(1) == errors(1))
    #expect(try errors(1) != errors(2))
  }

  @Test("A divergent rollout is in every number, beside the numbers of the survivors")
  func divergent() throws {
    let truth = oscillations(0..<8)
    var other = oscillations(20..<28)
    // Well within the truth's range, but for the one.
    other = other.mapValues { $0.map { $0.map { 0.7 * $0 } } }
    other["a"]![3][100...] = ArraySlice(repeating: .nan, count: 200)
    let result = try compare(truth, other, reference: nil)
    #expect(result.divergent == 1)
    for (_, distance) in result.distances { #expect(distance.survivors!.isFinite) }
    #expect(result.observables[0].wasserstein1?.value == .infinity)
    #expect(result.observables[0].spectralDistances[0].value > 0.2)
    #expect(result.stateSpace[0].outside! >= 200)
    #expect(result.score == .infinity)
  }

  @Test("Of two independent sets none has diverged; one that ranges further is said to")
  func independent() throws {
    let truth = oscillations(0..<8)
    var other = oscillations(20..<28).mapValues { $0.map { $0.map { 0.7 * $0 } } }
    other["a"]![3] = other["a"]![3].map { 4 * $0 }
    let result = try compare(truth, other, reference: nil)
    #expect(!result.text.contains("diverged") && !result.text.contains("survivors"), "\(result.text)")
    #expect(result.text.contains("1 of them ranges over more than 1.1 times the truth's widest range"))
  }

  @Test("Each kind of bad surrogate is ranked worse by the metric that is meant to catch it")
  func catching() throws {
    let truth = oscillations(0..<8)
    let good = oscillations(20..<28)
    func values(_ other: [String: [[Double]]], truth: [String: [[Double]]]) throws -> [String: Double] {
      let comparison = try ClimateComparison(
        truth: truth, other: other, timeStep: 1, maximumLag: 40, metrics: Self.metrics(), resamples: 2)
      return Dictionary(comparison.distances.map { ($0.distance.estimator, $0.distance.value) }, uniquingKeysWith: max)
    }
    func mapped(_ change: ([Double]) -> [Double]) -> [String: [[Double]]] { good.mapValues { $0.map(change) } }
    var generator = SystemSeeds(5)
    let fair = try values(good, truth: truth)
    let shuffled = try values(mapped { $0.shuffled(using: &generator) }, truth: truth)
    let frozen = try values(mapped { x in x.map { _ in x[0] } }, truth: truth)
    let hot = try values(mapped { $0.map { 2 * $0 } }, truth: truth)
    for estimator in ["ACF/published-global-mean-rms", "D_H/gtf-s20"] {
      #expect(shuffled[estimator]! > 3 * fair[estimator]!, "shuffled, \(estimator)")
      #expect(frozen[estimator]! > 3 * fair[estimator]!, "frozen, \(estimator)")
    }
    #expect(shuffled["W1/empirical-quantiles"]! < 1.01 * fair["W1/empirical-quantiles"]!, "it has the same values")
    for estimator in ["W1/empirical-quantiles", "D_stsp/gtf-gmm1-100", "D_stsp/gtf-bin30"] {
      #expect(hot[estimator]! > 2 * fair[estimator]!, "too hot, \(estimator)")
    }

    // Random phases keep the spectrum of each observable, and lose what joins the two.
    let rings = Self.rings(0..<8)
    let others = Self.rings(20..<28)
    let scattered = try values(others.mapValues { $0.map { PhaseRandomised.series($0, &generator) } }, truth: rings)
    let like = try values(others, truth: rings)
    for estimator in ["D_stsp/gtf-gmm1-100", "D_stsp/gtf-bin30"] {
      #expect(scattered[estimator]! > 3 * like[estimator]!, "phase-randomised, \(estimator)")
    }
    #expect(scattered["D_H/gtf-s20"]! < 1.01 * like["D_H/gtf-s20"]!)
  }

  /// Rotation on a ring with a phase that diffuses: the two observables are bound to each other.
  private static func rings(_ seeds: Range<UInt64>) -> [String: [[Double]]] {
    var result: [String: [[Double]]] = ["a": [], "b": []]
    for seed in seeds {
      var random = SeededNormals(seed)
      var phase = 6 * random.next()
      var (a, b): ([Double], [Double]) = ([], [])
      for _ in 0..<300 {
        phase += 0.3 + 0.1 * random.next()
        a.append(cos(phase) + 0.05 * random.next())
        b.append(sin(phase) + 0.05 * random.next())
      }
      result["a"]!.append(a)
      result["b"]!.append(b)
    }
    return result
  }
}

/// A series with the spectrum of another and random phases.
enum PhaseRandomised {
  static func series(_ x: [Double], _ generator: inout SystemSeeds) -> [Double] {
    let n = x.count
    var re = x
    var im = [Double](repeating: 0, count: n)
    FourierTransform.transform(&re, &im)
    for k in 1..<((n + 1) / 2) {
      let angle = Double.random(in: 0..<(2 * .pi), using: &generator)
      let (c, s) = (cos(angle), sin(angle))
      (re[k], im[k]) = (re[k] * c - im[k] * s, re[k] * s + im[k] * c)
      (re[n - k], im[n - k]) = (re[k], -im[k])
    }
    // The inverse by the forward transform of the conjugate.
    for k in 0..<n { im[k] = -im[k] }
    FourierTransform.transform(&re, &im)
    return re.map { $0 / Double(n) }
  }
}
