import Foundation
import Testing
import Trajectories

@testable import Climate

@Suite("Short-term errors")
struct ShortTermTests {
  @Test("A valid time ends with the first error beyond the threshold, and is capped by what can be predicted at all")
  func validTime() {
    let errors = [[0, 0.1, 0.5, 0.1], [0, 0.1, 0.2, 0.3], [0, .nan, 0, 0]]
    func time(_ predictability: Double?) -> ValidTime {
      ValidTime(norm: "state", errors: errors, threshold: 0.4, timeStep: 2, predictability: predictability)
    }
    let free = time(nil)
    #expect(free.cap == 6 && free.capped == 1 && free.median == 4 && free.mean == 4)
    #expect(abs(free.standardError! - 2 / 3.0.squareRoot()) < 1e-12)
    let capped = time(3)
    #expect(capped.cap == 3 && capped.capped == 2 && capped.median == 3)
  }

  @Test("Errors against the frame are root mean squares over rollouts and entries, by component")
  func components() throws {
    let chain = ChainSystem(sites: 4)
    var truth: [[State<Double>]] = []
    var model: [[State<Double>]] = []
    for rollout in 0..<2 {
      var states = [State<Double>](repeating: State(zero: chain.layout), count: 3)
      for t in 0..<3 { states[t].values[32] = Double(t + rollout) }
      truth.append(states)
      // Wrong by 1 in one Q of four from the second frame on, by i in one ρ of sixteen in the last, by 3 in a P of one rollout.
      for t in 1..<3 { states[t].values[33] += 1 }
      states[2].values[7] += 1
      if rollout == 0 { states[2].values[39] -= 3 }
      model.append(states)
    }
    let result = ShortTerm(Rollouts(try RolloutTruth(of: chain, states: truth, interval: 1), model: model))
    #expect(result.errorsAgainstFrame["Q"] == [0, 0.5, 0.5])
    #expect(result.errorsAgainstFrame["rho"] == [0, 0, 0.25])
    let p = 9 / (2 * 4.0)
    #expect(result.errorsAgainstFrame["P"]?[2] == p.squareRoot())
    #expect(result.errorsAgainstFrame["deltaQ"] == [0, 0.25, 0.25])
    #expect(result.errors["Q"] == 0.5)
  }
}
