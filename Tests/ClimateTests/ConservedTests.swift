import Foundation
import Testing
import Trajectories

@testable import Climate

@Suite("What the truth nearly conserves")
struct ConservedTests {
  /// Two particles: positions x and momenta p; their energy and the sum of the momenta are conserved.
  private struct Particles: SystemDescription {
    var name: String { "particles" }
    var layout: StateLayout { StateLayout([Field("x", shape: [2]), Field("p", shape: [2])]) }
    var attributes: [String: Attribute] { [:] }
    var observables: [Observable] {
      [
        Observable("x0") { $0.values[0] },
        Observable("energy") { $0.values.reduce(0) { $0 + $1 * $1 / 2 } },
        Observable("total momentum") { $0.values[2] + $0.values[3] },
      ]
    }
  }
  private static let quick = Metrics(Metrics.standard.all.filter { !($0 is MixtureStateSpace) })

  /// An oscillation of the difference; energy and total momentum are kept up to `wobble`.
  private func rollout(_ phase: Double, wobble: Double, growth: Double = 0, drift: Double = 0) -> [State<Double>] {
    (0..<60).map { t in
      let angle = 0.2 * Double(t) + phase
      let amplitude = (1 + wobble * sin(0.7 * Double(t))) * (1 + growth * Double(t))
      let push = drift * Double(t) + 0.05 * wobble * cos(1.3 * Double(t))
      return State(
        Particles().layout,
        [
          amplitude * sin(angle), -amplitude * sin(angle), amplitude * cos(angle) + push,
          -amplitude * cos(angle) + push,
        ])
    }
  }

  private func survival(_ model: [[State<Double>]]) throws -> Double {
    let truth = try RolloutTruth(
      of: Particles(), states: (0..<3).map { rollout(Double($0), wobble: 1e-8) }, interval: 1)
    let verdict = Verdict(
      checkpoint: "c", step: 1, Rollouts(truth, model: model, resamples: 2), metrics: Self.quick)
    // The survivors of climates are the same ones.
    #expect(verdict.climate.divergent == Int((3 * (1 - verdict.surviving)).rounded()))
    return verdict.surviving
  }

  @Test("Makes no rollout divergent that keeps it less well than the truth's integrator")
  func nearly() throws {
    for (wobble, drift) in [(1e-7, 0), (1e-4, 1e-8), (1e-3, 1e-6)] {
      #expect(
        try survival((0..<3).map { rollout(Double($0), wobble: wobble, drift: drift) }) == 1, "\(wobble), \(drift)")
    }
  }

  @Test("Makes one divergent that loses it altogether")
  func exploding() throws {
    // By its end the energy is larger by a half, or the total momentum as large as the momenta that it is the sum of.
    let sound = (0..<2).map { rollout(Double($0), wobble: 1e-4) }
    // The oscillation itself stays within its range until its amplitude is 1.1 times what it was.
    let heated = rollout(2, wobble: 1e-4, growth: 0.08 / 60)
    #expect(try abs(survival(sound + [heated]) - 2.0 / 3) < 1e-9)
    #expect(try abs(survival(sound + [rollout(2, wobble: 1e-4, drift: 0.01)]) - 2.0 / 3) < 1e-9)
    var broken = rollout(2, wobble: 0)
    broken[30].values[3] = .nan
    #expect(try abs(survival(sound + [broken]) - 2.0 / 3) < 1e-9)
  }

  @Test("Of series alone it is what moves by no more than a millionth of its size")
  func series() throws {
    let truth = [(0..<50).map { 3 + 1e-8 * sin(Double($0)) }, (0..<50).map { 3 + 1e-8 * cos(Double($0)) }]
    #expect(Divergence.onset((0..<50).map { 3 + 1e-5 * Double($0) }, truth: truth) == nil)
    #expect(Divergence.onset((0..<50).map { 3 + 0.01 * Double($0) }, truth: truth) == 31)
    // One that does move is held to the published rule, however small it is beside its mean.
    let warm = [(0..<50).map { 300 + 1e-3 * sin(Double($0)) }]
    #expect(Divergence.onset((0..<50).map { 300 + 1e-2 * sin(Double($0)) }, truth: warm) != nil)
    // What stands still exactly tells nothing by rounding.
    #expect(Divergence.onset([0.3, 0.3 + 1e-9, 0.3], truth: [[0.3, 0.3, 0.3]]) == nil)
  }
}

@Suite("A number of the state that is observed in other units")
struct OwnUnitsTests {
  /// A state of one number a in units of a deviation of 100 about 1000.
  private struct Standardised: SystemDescription {
    var name: String { "standardised" }
    var layout: StateLayout { StateLayout([Field("a")]) }
    var attributes: [String: Attribute] { [:] }
    var observables: [Observable] { [Observable("a") { 1000 + 100 * $0.values[0] }] }
  }

  @Test("Is judged in the units of the observable; how far the state is valid does not change")
  func errors() throws {
    func states(_ shift: Double) -> [State<Double>] {
      (0..<40).map { State(Standardised().layout, [sin(0.3 * Double($0)) + ($0 == 0 ? 0 : shift)]) }
    }
    let truth = try RolloutTruth(of: Standardised(), states: [states(0), states(0)], interval: 1)
    let verdict = Verdict(
      checkpoint: "c", step: 1, Rollouts(truth, model: [states(0.02), states(0.02)], resamples: 2),
      metrics: Metrics(Metrics.standard.all.filter { !($0 is MixtureStateSpace) }))
    #expect(abs(try #require(verdict.errors["a"]) - 2) < 1e-9, "\(verdict.errors)")
    #expect(abs(try #require(verdict.score("largest error", of: "a")).value - 2) < 1e-9)
    #expect(abs(try #require(verdict.errorsAgainstFrame["a"]?.last) - 2) < 1e-9)
    #expect(verdict.plainWords.contains("RMSE of a 2.00e+00"))
    #expect(verdict.validTimes.map(\.norm) == ["a", "state"] && verdict.validTimes.allSatisfy { $0.capped == 2 })
  }
}
