import Climate
import Foundation
import Learning
import Testing
import Trajectories

@testable import Pipelines

/// u'' = 0.5 u' + 0.3 u for every number: a model that looks one frame back.
private struct Recurrence: SurrogateModel {
  var summary: String { "recurrence" }
  var layout: StateLayout? { nil }
  var memory: Int { 1 }

  func predictor(for layout: StateLayout) throws -> any Predictor { Rollout(layout) }
  func safetensors() throws -> Safetensors { Safetensors() }

  private final class Rollout: Predictor {
    let layout: StateLayout
    private var before: [Float]?

    init(_ layout: StateLayout) { self.layout = layout }
    func forget() { before = nil }
    func observe(_ state: State<Float>) { before = state.values }

    func advance(_ state: inout State<Float>) {
      let now = state.values
      for k in now.indices { state.values[k] = 0.5 * now[k] + 0.3 * (before ?? now)[k] }
      before = now
    }
  }
}

@Suite("Exponents of models")
struct ModelExponentsTests {
  @Test("The exponent of a model with memory is that of all the frames that it looks at")
  func memory() throws {
    let source = OnlineRehearsal.source
    let held = try HeldOutTruth(source, [.init(trajectory: 3, start: 2)], horizon: 20)
    let ends = held.truth.states.map { LyapunovProbe.Start(state: $0[$0.count - 1].values, time: 0) }
    let probe = LyapunovProbe(starts: ends, frames: 60, interval: 0.5)
    let exponents = try ModelExponents.exponents(of: Recurrence(), probe, over: held.truth)
    let expected = log((0.5 + (0.25 + 1.2).squareRoot()) / 2) / 0.5
    let found = try #require(exponents.first ?? nil)
    #expect(abs(found.value - expected) < 0.01, "\(found.value), not \(expected)")
  }
}
