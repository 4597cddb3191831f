import Foundation
import Testing
import Trajectories

@testable import Systems

@Suite("Forces that are learned on the fly")
struct OnTheFlyTests {
  private func system(
    sites: Int = 8, _ learning: OnTheFlySettings = OnTheFlySettings(retrainEvery: 5), radius: Int = 2, every: Int = 10
  ) throws -> HolsteinSquareSystem {
    try HolsteinSquareSystem(
      SquareParameters(sites: sites), ElectronConfiguration(engine: .onTheFly, radius: radius, learning: learning),
      SquareDynamics(saveEvery: every, noiseSeed: 3))
  }

  /// A lattice in its charge-density wave, with thermal displacements.
  private func ordered(_ system: HolsteinSquareSystem, seed: UInt64 = 1) -> State<Double> {
    let noise = system.initialState(seed: seed, trajectory: 0).values
    let n = system.parameters.count
    return State(
      system.layout,
      (0..<n).map { 6.2 * system.lattice.sign($0) + 0.1 * noise[$0] } + noise[n...].map { 0.14 * $0 })
  }

  @Test("Three steps of the recursion are three of Lanczos' by the dense matrix, and exact without hopping")
  func recursion() throws {
    let system = try HolsteinSquareSystem.published(sites: 8)
    let q = Array(system.initialState(seed: 4, trajectory: 0)["Q"])
    let problem = system.problem(at: q, temperature: 0.1)
    let poles = FermiPoles(reach: problem.bounds.upperBound - problem.bounds.lowerBound, temperature: 0.1)
    let found = SiteRecursion(problem).density(0.3, poles)
    for site in [0, 13, 63] {
      // Lanczos' vectors on the whole lattice.
      func apply(_ v: [Double]) -> [Double] {
        var w = zip(problem.onsite, v).map { $0 * $1 }
        problem.lattice.forEach { i, a, b, c, d in w[i] -= v[a] + v[b] + v[c] + v[d] }
        return w
      }
      var (v, last) = ([Double](repeating: 0, count: 64), [Double](repeating: 0, count: 64))
      v[site] = 1
      var (a, b): ([Double], [Double]) = ([], [])
      for _ in 0..<3 {
        var w = apply(v)
        a.append(zip(v, w).reduce(0) { $0 + $1.0 * $1.1 })
        for i in 0..<64 { w[i] -= a.last! * v[i] + (b.last ?? 0) * last[i] }
        b.append(w.reduce(0) { $0 + $1 * $1 }.squareRoot())
        (last, v) = (v, w.map { $0 / b.last! })
      }
      let levels = try TridiagonalEigen(diagonal: a, beside: Array(b.prefix(2)))
      let exact = zip(levels.values, levels.firstSquares).reduce(0.5) {
        $0 - 0.5 * $1.1 * tanh(($1.0 - 0.3) / 0.2)
      }
      #expect(abs(found.density[site] - exact) < 1e-9, "site \(site)")
    }
    var alone = SquareParameters(sites: 8)
    alone.hopping = 0
    let still = try HolsteinSquareSystem(alone).problem(at: q, temperature: 0.1)
    for (n, e) in zip(SiteRecursion(still).density(0.3, poles).density, still.onsite) {
      #expect(abs(n - (0.5 - 0.5 * tanh((e - 0.3) / 0.2))) < 1e-9)
    }
  }

  @Test("The ridge's weights and leverages are those of the normal equations, also after forgetting")
  func ridge() {
    var ridge = StreamingRidge(size: 2, ridge: 0.5)
    for (x, y, weight) in [([1.0, 2.0], 3.0, 2.0), ([0.5, -1], 1, 1), ([2, 0.1], -1, 0.5)] {
      ridge.add(x, y, weight: weight)
    }
    ridge.forget(0.8)
    ridge.train()
    // A = 0.8 Σ w x xᵀ + ½, solved by hand.
    let (a, b, d) = (0.8 * (2 + 0.25 + 2) + 0.5, 0.8 * (4 - 0.5 + 0.1), 0.8 * (8 + 1 + 0.005) + 0.5)
    let (u, v) = (0.8 * (6 + 0.5 - 1), 0.8 * (12 - 1 - 0.05))
    let det = a * d - b * b
    #expect(
      abs(ridge.weights[0] - (d * u - b * v) / det) < 1e-12 && abs(ridge.weights[1] - (a * v - b * u) / det) < 1e-12)
    var workspace = [0.0, 0.0]
    #expect(abs(ridge.leverage([1, -2], &workspace) - (d + 4 * b + 4 * a) / det) < 1e-12)
  }

  @Test("A lattice starts exact, then solves fewer sites, and stays near the exact force")
  func becomesFast() throws {
    let system = try system(
      sites: 16, OnTheFlySettings(targetError: 3e-2, auditShare: 0.02, retrainEvery: 5), every: 30)
    var ensemble = try system.ensemble(from: [ordered(system)], workers: 1)
    var frames = try ensemble.advance()
    let first = ensemble.takeRecords()
    #expect(first.count == 1 && first[0].isWhole && first[0].version == 0)
    let exact = try HolsteinSquareSystem.published(sites: 16)
    let start = try #require(frames[0].tendency)
    #expect(
      zip(start["P"], exact.force(at: Array(frames[0].state["Q"]), temperature: 0.1).force).allSatisfy {
        abs($0 - $1) < 1e-12
      })
    frames = try ensemble.advance()
    var summary = OnTheFlySummary()
    for record in ensemble.takeRecords() { summary.add(record, sites: 256) }
    #expect(summary.siteSteps == 30 * 256 && summary.share < 0.5 && summary.version >= 4)
    #expect(summary.error < 3e-2)
    let force = exact.force(at: Array(frames[0].state["Q"]), temperature: 0.1).force
    let learned = try #require(frames[0].tendency)["P"]
    let error = zip(learned, force).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 256
    #expect(error.squareRoot() < 3e-2 && error > 0)
    #expect(ensemble.takeRecords().isEmpty)
  }

  @Test("Charge is conserved: Σ F = −(k + 4κ) Σ Q, whichever sites are solved")
  func charge() throws {
    let system = try system(OnTheFlySettings(targetError: 3e-2, retrainEvery: 3))
    var ensemble = try system.ensemble(from: [ordered(system)], workers: 1)
    for _ in 0..<3 {
      let frame = try ensemble.advance()[0]
      let sums = (frame.tendency!["P"].reduce(0, +), frame.state["Q"].reduce(0, +))
      #expect(abs(sums.0 + (1 + 4 * 0.18) * sums.1) < 1e-8)
    }
  }

  @Test("The same seed gives the same bits alone, in company and on two cores, and another audit with another seed")
  func bits() throws {
    let system = try system(OnTheFlySettings(auditShare: 0.05, retrainEvery: 5))
    func run(_ numbers: Range<Int>, seed: UInt64, workers: Int) throws -> ([Frame], [OnTheFlyRecord]) {
      var ensemble = try system.ensemble(numbers, seed: seed, workers: workers)
      _ = try ensemble.advance()
      return (try ensemble.advance(), ensemble.takeRecords())
    }
    let (alone, company, other) = (
      try run(1..<2, seed: 5, workers: 1), try run(0..<3, seed: 5, workers: 2), try run(1..<2, seed: 6, workers: 1)
    )
    #expect(alone.0[0] == company.0[1])
    #expect(alone.1 == company.1.filter { $0.trajectory == 1 })
    #expect(other.0[0].state != alone.0[0].state)
    #expect(try HolsteinSquareSystem(attributes: system.attributes) == system)
  }

  @Test("The log of labelled sites replays to the same bits, and a log of other versions is refused")
  func replay() throws {
    let system = try system(
      OnTheFlySettings(targetError: 3e-2, auditShare: 0.05, auditSteps: 0.5, retrainEvery: 2, base: .recursion))
    let settings = system.electrons.learning
    let q = Array(ordered(system)["Q"])
    func states(_ field: inout OnTheFlyField) throws -> [ElectronState] {
      try (0..<12).map { step in
        let moved = q.enumerated().map { $1 + 0.02 * Double(step) * sin(Double($0)) }
        return try field.solve(system.problem(at: moved, temperature: 0.1), coupling: 3.5, step: step)
      }
    }
    var field = OnTheFlyField(settings, radius: 2, seed: 5, trajectory: 0)
    let original = try states(&field)
    let log = field.takeRecords()
    #expect(log.contains { !$0.isWhole && !$0.labelled.isEmpty && $0.labelled.count < 64 })
    #expect(log.contains { $0.wholeSquaredError != nil } && log.contains { !$0.isWhole && $0.wholeSquaredError == nil })
    var again = OnTheFlyField(settings, radius: 2, seed: 99, trajectory: 0, replaying: log)
    #expect(try states(&again) == original)
    #expect(again.takeRecords() == log)
    var wrong = log
    wrong[5].version += 1
    var refused = OnTheFlyField(settings, radius: 2, seed: 5, trajectory: 0, replaying: wrong)
    #expect(throws: SystemError.self) { try states(&refused) }
  }

  @Test("The audit's sites are a fair sample, and its error has no bias: labelled sites count as without error")
  func audit() throws {
    let system = try system(OnTheFlySettings(targetError: 3e-2, auditShare: 0.25, retrainEvery: 2))
    var field = OnTheFlyField(system.electrons.learning, radius: 2, seed: 5, trajectory: 0)
    var summary = OnTheFlySummary()
    var (squares, sites) = (0.0, 0)
    for step in 0..<40 {
      let problem = system.problem(at: Array(ordered(system, seed: UInt64(step))["Q"]), temperature: 0.1)
      let found = try field.solve(problem, coupling: 3.5, step: step)
      let record = field.takeRecords()[0]
      guard !record.isWhole else { continue }
      summary.add(record, sites: 64)
      // The audit compares with the windows at the same μ.
      let windows = SiteWindows(problem, radius: 2)
      let poles = FermiPoles(reach: problem.bounds.upperBound - problem.bounds.lowerBound, temperature: 0.1)
      let exact = windows.density(found.chemicalPotential, poles).density
      for i in 0..<64 { squares += 3.5 * 3.5 * (found.density[i] - exact[i]) * (found.density[i] - exact[i]) }
      sites += 64
    }
    #expect(sites > 0)
    #expect(abs(Double(summary.audited) / Double(sites) - 0.25) < 0.05)
    #expect(abs(summary.error / (squares / Double(sites)).squareRoot() - 1) < 0.3)
  }

  @Test("A whole audit sees what a wrong μ costs, which an audit of sites cannot, and windows as a base keep it small")
  func wholeAudit() throws {
    /// Errors that were found: of all sites at the own μ, of all steps at theirs, and the true one.
    func errors(_ base: OnTheFlySettings.Base) throws -> (sites: Double, steps: Double, truth: Double) {
      let settings = OnTheFlySettings(
        targetError: 0.3, wholeShare: 1, auditShare: 1, auditSteps: 1, retrainEvery: 2, base: base)
      let system = try system(settings)
      var field = OnTheFlyField(settings, radius: 3, seed: 5, trajectory: 0)
      var (summary, squares, steps) = (OnTheFlySummary(), 0.0, 0)
      for step in 0..<12 {
        // Few levels lie near μ, and charge that is missing elsewhere goes there.
        var q = Array(ordered(system, seed: UInt64(step))["Q"])
        q[27] = -q[27]
        let problem = system.problem(at: q, temperature: 0.1)
        let found = try field.solve(problem, coupling: 3.5, step: step)
        let record = field.takeRecords()[0]
        guard !record.isWhole else { continue }
        summary.add(record, sites: 64)
        let exact = try ElectronConfiguration(engine: .diagonal).solver(sites: 8).solve(problem, wantsEnergy: false)
        squares += zip(found.density, exact.density).reduce(0) { $0 + 3.5 * 3.5 * ($1.0 - $1.1) * ($1.0 - $1.1) }
        steps += 1
      }
      #expect(steps == 11 && summary.auditedSteps == 11 && summary.share == 1)
      return (summary.error, summary.wholeError, (squares / Double(64 * steps)).squareRoot())
    }
    let (recursion, windows) = (try errors(.recursion), try errors(.windows))
    for found in [recursion, windows] { #expect(abs(found.steps / found.truth - 1) < 1e-6) }
    #expect(windows.truth < recursion.truth / 3)
  }

  @Test("Settings of earlier stores, which knew the recursion alone, are read as such, and what says more is refused")
  func earlierSettings() throws {
    let earlier: [String: Attribute] = [
      "target_error": .number(0.01), "whole_share": .number(0.5), "audit_share": .number(1e-4),
      "retrain_every": .number(20),
      "whole": .text("exact"),
    ]
    let read = try #require(OnTheFlySettings(.object(earlier)))
    #expect(read == OnTheFlySettings(auditSteps: 0, base: .recursion))
    for settings in [OnTheFlySettings(), read] { #expect(OnTheFlySettings(settings.attribute) == settings) }
    #expect(OnTheFlySettings(.object(earlier.merging(["more": .number(1)]) { $1 })) == nil)
  }

  @Test("What the audit expects of a step is what was predicted before it, however much worse it finds the model")
  func calibration() throws {
    let settings = OnTheFlySettings(
      targetError: 3e-2, wholeShare: 1, auditShare: 1, auditSteps: 0, retrainEvery: 2, base: .recursion)
    let system = try system(settings)
    var field = OnTheFlyField(settings, radius: 2, seed: 5, trajectory: 0)
    for step in 0..<6 {
      let q = Array(ordered(system, seed: UInt64(step))["Q"])
      _ = try field.solve(system.problem(at: q, temperature: 0.1), coupling: 3.5, step: step)
    }
    // A lattice that is less well ordered than all that was learned from.
    let noise = system.initialState(seed: 9, trajectory: 0).values
    let q = (0..<64).map { 6.2 * system.lattice.sign($0) + 0.55 * noise[$0] }
    let problem = system.problem(at: q, temperature: 0.1)
    let variance = field.model.predict(SiteGuess(problem).descriptors).variance
    var expected = field.audit.expected
    _ = field.takeRecords()
    let before = field.audit.factor
    _ = try field.solve(problem, coupling: 3.5, step: 6)
    let record = field.takeRecords()[0]
    let labelled = Set(record.labelled)
    try #require(!record.isWhole && labelled.count < 40)
    for i in record.audited where !labelled.contains(i) { expected = 0.999 * expected + 3.5 * 3.5 * variance[i] }
    try #require(field.audit.factor > 1.01 * before)
    #expect(abs(field.audit.expected / expected - 1) < 1e-12)
  }

  @Test(
    "What cannot be is refused by name",
    arguments: [
      ("target-error", OnTheFlySettings(targetError: 0)), ("whole-share", OnTheFlySettings(wholeShare: 2)),
      ("audit-share", OnTheFlySettings(auditShare: .nan)), ("retrain-every", OnTheFlySettings(retrainEvery: 0)),
      ("audit-steps", OnTheFlySettings(auditSteps: -1)),
    ])
  func refused(key: String, settings: OnTheFlySettings) {
    let error = #expect(throws: SystemError.self) { try system(settings) }
    #expect(error?.key == key)
    // Whole steps of a large lattice cannot be exact.
    #expect(throws: SystemError.self) { try system(sites: 512) }
    #expect(throws: Never.self) { try system(sites: 512, OnTheFlySettings(whole: .windowed)) }
  }
}
