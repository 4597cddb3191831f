import Climate
import Foundation
import Learning
import Streams
import Systems
import TestSupport
import Testing
import Trajectories

@testable import Pipelines

@Suite("Chaos of the truth")
struct TruthExponentTests {
  private func exponent(_ preset: HolsteinPreset, noise: Double) throws -> LargestExponent {
    var configuration = EnsembleConfiguration(preset: preset, sites: 8, seed: 1)
    configuration.dt = 0.08
    configuration.noise = noise
    configuration.preSteps = 0
    let chain = ReducedHolstein(try HolsteinSystem(configuration))
    var state = try chain.initialState(seed: 1, trajectory: 0)
    chain.advance(&state, steps: 1000)
    return try #require(
      LargestExponent(from: state, distance: 1e-7, timeStep: 400 * chain.dt, transient: 10, steps: 40) { state in
        var state = state
        chain.advance(&state, steps: 400)
        return state
      })
  }

  @Test("A chain far from rest is chaotic, and the shallow quench is not", .timeLimit(.minutes(15)))
  func chaos() throws {
    let deep = try exponent(.deep, noise: 2)
    let error = try #require(deep.standardError)
    #expect(deep.value > 5 * error && deep.value > 0.02, "\(deep)")
    let shallow = try exponent(.shallow, noise: 1e-4)
    #expect(abs(shallow.value) < 0.005, "\(shallow)")
  }

  @Test("λ₁ of the truth is that of its own step, integrator and schedule, from each start's own time")
  func schedule() async throws {
    try await withTemporaryDirectory { folder in
      let keys =
        "preset: shallow, sites: 8, trajectories: 4, frames: 30, ensembles: 4, every: 4, noise: 0.5, dt: 0.05, integrator: blanes-moan-6, schedule: { shape: ramp, to: 1.6, duration: 20 }"
      let description = try PipelineDescription(
        text: """
          name: exponents
          seed: 3
          held-out-one-in: 4
          sources:
            chain: { holstein: { \(keys) } }
            others: { checkpoint-watch: { path: \(folder.path) } }
          stages:
            evaluate:
              from: others
              verdict: { truth: chain, start: 4, horizon: 10, rollouts: 2, baseline-frames: 0, resamples: 5, lyapunov: true, lyapunov-frames: 20 }
          sinks:
            lines: { from: evaluate, jsonl: verdicts.jsonl }
          """)
      let assembly = PipelineAssembly(
        graph: Graph(), description: description, directory: RunDirectory(folder), events: EventHub(),
        isResuming: false)
      let component = try #require(description.nodes.first { $0.id == "chain" }?.component as? any TrajectoryProviding)
      let source = try #require(try component.trajectories() as? SimulatedTrajectories)
      assembly.register(source, as: "chain", startingAt: 0)
      let stage = try #require(description.nodes.first { $0.id == "evaluate" }?.component as? VerdictStage)
      var judge = try CheckpointJudge(stage.settings, node: "evaluate", in: assembly)
      let verdict = try judge.verdict(on: Persistence(), name: "p", step: 0)

      let system = try #require(source.dynamics as? HolsteinSystem)
      #expect(system.dt == 0.05 && system.configuration.integrator == .blanesMoan6 && system.schedule != .constant)
      func mean(_ system: HolsteinSystem) throws -> Double {
        let ends = try [3, 7].map { try source.frames(of: $0, 14..<15)[0] }
        let probe = LyapunovProbe(
          starts: ends.map { .init(state: $0.state.values, time: $0.time) }, frames: 20, interval: source.interval)
        let found = try probe.exponents { _ in
          { state, time in
            var state = state
            system.advance(&state, from: time, steps: 4)
            return state
          }
        }.compactMap(\.self)
        return found.reduce(0) { $0 + $1.value } / Double(found.count)
      }
      let truth = try #require(verdict.lyapunov?.truth)
      #expect(try truth == mean(system))
      var final = system.configuration
      final.schedule = .constant
      final.parameters.coupling = 1.6
      #expect(try truth != mean(HolsteinSystem(final)))
      var coarse = system.configuration
      coarse.integrator = .rungeKutta4
      #expect(try truth != mean(HolsteinSystem(coarse)))
    }
  }
}
