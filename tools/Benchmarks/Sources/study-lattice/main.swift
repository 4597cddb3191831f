import Climate
import Foundation
import Systems
import Trajectories

// The studies behind docs/physics.md, as JSON on standard output: `tools/study-lattice` runs them and draws the figures.
//
//   study-lattice integrators   error at a fixed time against cost, for every integrator and step
//   study-lattice chaos         largest Lyapunov exponent and predictability of the deep quench against L

struct IntegratorPoint: Codable {
  var integrator: String
  var dt: Double
  /// Largest error of any entry of ρ, Q and P.
  var error: Double
  /// Largest change of an eigenvalue of ρ, from Tr ρ², and of the energy per site.
  var purityChange: Double
  var energyChange: Double
  /// Microseconds for one unit of time of one trajectory, in an ensemble of eight on one core.
  var microseconds: Double
}

/// Time of this processor alone, so that the figure does not depend on what else runs.
func processorSeconds(_ body: () -> Void) -> Double {
  let start = clock()
  body()
  return Double(clock() - start) / Double(CLOCKS_PER_SEC)
}

func integrators(sites: Int) throws -> [IntegratorPoint] {
  let time = 12.8
  func end(_ integrator: Integrator, steps: Int, microseconds: inout Double) throws -> [LatticeState] {
    var configuration = EnsembleConfiguration(preset: .shallow, sites: sites, seed: 1)
    configuration.noise = 1e-2
    configuration.integrator = integrator
    configuration.dt = time / Double(steps)
    configuration.saveEvery = steps
    var ensemble = try HolsteinEnsemble(configuration, trajectories: 0..<8)
    _ = ensemble.advance()
    var states: [LatticeState] = []
    states = ensemble.advance().map { LatticeState($0.state) }
    microseconds = (0..<3).map { _ in processorSeconds { _ = ensemble.advance() } }.min()! * 1e6 / time / 8
    return states
  }
  var unused = 0.0
  let exact = try end(.blanesMoan6, steps: 2560, microseconds: &unused)
  let parameters = HolsteinPreset.shallow.parameters
  return try Integrator.allCases.flatMap { integrator in
    try [20, 32, 40, 64, 96, 128, 192, 256, 384, 512, 1024, 1280, 2560].compactMap { steps -> IntegratorPoint? in
      guard time / Double(steps) <= (integrator == .rungeKutta4 ? 0.3 : 0.7) else { return nil }
      var microseconds = 0.0
      let states = try end(integrator, steps: steps, microseconds: &microseconds)
      func largest(_ difference: (LatticeState, LatticeState) -> Double) -> Double {
        zip(states, exact).map { abs(difference($0, $1)) }.max() ?? 0
      }
      return IntegratorPoint(
        integrator: integrator.rawValue, dt: time / Double(steps),
        error: largest { a, b in zip(a.rho + a.q + a.p, b.rho + b.q + b.p).map { abs($0 - $1) }.max() ?? 0 },
        purityChange: largest { $0.purity - $1.purity },
        energyChange: largest { ($0.energy(parameters) - $1.energy(parameters)) / Double(sites) },
        microseconds: microseconds)
    }
  }
}

struct ChaosPoint: Codable {
  var sites: Int
  var exponent: Double
  var standardError: Double
  /// Medians over trajectories, units of ħ/t_hop; nil when most agree to the end.
  var timeStepHorizon: Double?
  var singlePrecisionHorizon: Double?
  var end: Double
}

func median(_ times: [Double?]) -> Double? {
  let sorted = times.map { $0 ?? .infinity }.sorted()
  let middle = sorted[sorted.count / 2]
  return middle.isFinite ? middle : nil
}

func chaos(sites: Int) throws -> ChaosPoint {
  var configuration = EnsembleConfiguration(preset: .deep, sites: sites, seed: 1)
  let frames = 401
  let predictability = try Predictability(
    HolsteinSystem(configuration), seed: 1, trajectories: 0..<16, frames: frames, workers: 2)
  configuration.dt = 0.02
  let system = ReducedHolstein(try HolsteinSystem(configuration))
  var start = try system.initialState(seed: 1, trajectory: 0)
  system.advance(&start, steps: 25_000)
  let step = system.stepMap(steps: 250)
  let exponent = LargestExponent(from: start, distance: 1e-7, timeStep: 250 * system.dt, transient: 40, steps: 400) {
    var state = $0
    step(&state)
    return state
  }
  guard let exponent else {
    fatalError("the chain of \(sites) sites has left the numbers")
  }
  return ChaosPoint(
    sites: sites, exponent: exponent.value, standardError: exponent.standardError ?? .nan,
    timeStepHorizon: median(predictability.timeStep), singlePrecisionHorizon: median(predictability.singlePrecision),
    end: Double(frames - 1) * 2.56)
}

let encoder = JSONEncoder()
encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
switch CommandLine.arguments.dropFirst().first {
case "integrators": print(String(decoding: try encoder.encode(try integrators(sites: 32)), as: UTF8.self))
case "chaos": print(String(decoding: try encoder.encode(try [16, 32, 48, 64].map(chaos)), as: UTF8.self))
default:
  print("usage: study-lattice integrators|chaos")
  exit(64)
}
