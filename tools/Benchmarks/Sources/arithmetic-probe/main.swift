import Foundation
import Learning
import Systems
import Tensors
import Trajectories

// A digest of every kind of number that the program computes, to compare machines and modes by their bits:
// arithmetic-probe [--portable] [--time]. tools/test-arithmetic runs it on processors of several kinds.

/// FNV-1a over the numbers' bytes.
func digest<Number>(_ numbers: [Number]) -> String {
  let hash = numbers.withUnsafeBytes { bytes in
    bytes.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }
  return String(format: "%016llx", hash)
}

func numbers(_ count: Int, seed: UInt64) -> [Double] {
  var random = CounterRandom(seed: seed, purpose: .evaluation)
  return (0..<count).map { _ in random.uniform() - 0.5 }
}

/// RK4 and splitting steps of a small chain, from numbers that no library computed.
func lattice(_ integrator: Integrator, sites: Int = 16, steps: Int) throws -> [Double] {
  var configuration = EnsembleConfiguration(preset: .deep, sites: sites, seed: 1)
  configuration.integrator = integrator
  let system = try HolsteinSystem(configuration)
  if integrator == .rungeKutta4 {
    var state = numbers(system.layout.count, seed: 2)
    system.advance(&state, from: 0, steps: steps)
    return state
  }
  var ensemble = try HolsteinEnsemble(configuration, trajectories: 0..<1)
  return ensemble.advance().flatMap(\.state.values)
}

/// Products, a Cholesky solution and the electrons' ground state (dsyevd), of odd sizes and larger than a block.
func linearAlgebra() throws -> [(String, String)] {
  let (m, k, n) = (83, 701, 67)
  let (a, b) = (numbers(m * k, seed: 3), numbers(k * n, seed: 4))
  var double = [Double](repeating: 0, count: m * n)
  BLAS.multiply(a, b, into: &double, m: m, k: k, n: n)
  var single = [Float](repeating: 0, count: m * n)
  BLAS.multiply(a.map(Float.init), b.map(Float.init), into: &single, m: m, k: k, n: n)
  var gram = [Double](repeating: 0, count: m * m)
  let transposed = (0..<(k * m)).map { a[$0 % m * k + $0 / m] }
  BLAS.multiply(a, transposed, into: &gram, m: m, k: k, n: m)
  let solution = BLAS.solveSymmetric(gram, Array(b.prefix(3 * m)), n: m, ridge: 1e-3) ?? []
  let electrons = try GroundState.electrons(
    in: numbers(128, seed: 5), EnsembleConfiguration(preset: .deep, sites: 128, seed: 1).parameters)
  return [
    ("sgemm", digest(single)), ("dgemm", digest(double)), ("dposv", digest(solution)), ("dsyevd", digest(electrons)),
  ]
}

/// Parameters of a small network after some training steps with noise and dropout.
func trainer(sites: Int, channels: Int, batch: Int) throws -> (Trainer, TrainingBatch) {
  let trainer = try Trainer(
    configuration: TrainerConfiguration(
      model: ModelConfiguration(family: .cnn, channels: channels, blocks: 1, dropout: 0.2),
      curriculum: Curriculum(stages: [CurriculumStage(batches: 1 << 40, steps: 2, noise: 0.02)])))
  let layout = HolsteinSystem.layout(sites: sites)
  let samples = try (0..<batch).map { index in
    TrainingSample(
      try TrainingWindow(
        trajectory: index, start: 0, layout: layout,
        values: numbers(3 * layout.count, seed: UInt64(6 + index)).map { Float($0) }, tendencies: nil))
  }
  return (trainer, try TrainingBatch(samples, steps: 2))
}

func training(sites: Int) throws -> [Float] {
  let (trainer, batch) = try trainer(sites: sites, channels: 8, batch: 4)
  for _ in 0..<20 { _ = try trainer.step(batch) }
  return trainer.parameters
}

/// Least milliseconds of several calls.
func milliseconds(_ body: () throws -> Void) rethrows -> Double {
  try (0..<12).map { _ in try ContinuousClock().measure(body) / .milliseconds(1) }.min()!
}

if CommandLine.arguments.contains("--portable") { try Arithmetic.enterPortable() }
print("id", Arithmetic.current)
if CommandLine.arguments.contains("--time") {
  let system = try HolsteinSystem(EnsembleConfiguration(preset: .deep, sites: 64, seed: 1))
  var state = numbers(system.layout.count, seed: 2)
  print("rk4 ms", milliseconds { system.advance(&state, from: 0, steps: 100) })
  let (trainer, batch) = try trainer(sites: 32, channels: 16, batch: 16)
  print("training ms", try milliseconds { _ = try trainer.step(batch) })
  let (a, b) = (numbers(512 * 512, seed: 3), numbers(512 * 512, seed: 4))
  var c = a
  print("dgemm ms", milliseconds { BLAS.multiply(a, b, into: &c, m: 512, k: 512, n: 512) })
} else {
  print("rk4", digest(try lattice(.rungeKutta4, steps: 40)))
  print("splitting", digest(try lattice(.blanesMoan4, steps: 40)))
  for (name, value) in try linearAlgebra() { print(name, value) }
  print("training-rows", digest(try training(sites: 10)))
  print("training-lanes", digest(try training(sites: 16)))
  let x = numbers(20_000, seed: 7).map { 40 * $0 }
  print("libm", digest(x.flatMap { [exp($0), log($0 * $0), sin($0), cos($0), pow(abs($0), 0.3), tanh($0)] }))
  print("libmf", digest(x.map(Float.init).flatMap { [exp($0), log($0 * $0), sin($0), cos($0), tanh($0)] }))
}
