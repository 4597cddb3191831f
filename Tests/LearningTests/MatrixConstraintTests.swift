import CKernels
import Tensors
import Testing
import Trajectories

@testable import Learning

@Suite("What predicted density matrices are made to obey")
struct MatrixConstraintTests {
  /// States with the eigenvalues of a half-filled chain at zero temperature: L/2 − 1 of 1, two of ½, the others 0.
  static func batch(count: Int = 2, sites: Int, steps: Int = 3, occupied: Double = 1) throws -> TrainingBatch {
    try TrainingBatch(
      (0..<count).map { number in
        let moving = try Fixtures.window(trajectory: number, sites: sites, steps: steps)
        var values = moving.values
        let size = moving.layout.count
        for step in 0...steps {
          let rho = matrix(sites: sites, number: number, turn: 0.02 * Double(step), occupied: occupied)
          values.replaceSubrange((step * size)..<(step * size + rho.count), with: rho)
        }
        return TrainingSample(
          try TrainingWindow(
            trajectory: number, start: 0, layout: moving.layout, values: values, tendencies: moving.tendencies))
      }, steps: steps)
  }

  /// Σ_m f_m v_m v_m†, with v_m from random vectors that change smoothly with `turn`, by Gram and Schmidt.
  static func matrix(sites: Int, number: Int, turn: Double, occupied: Double = 1) -> [Float] {
    var random = CounterRandom(seed: 3, purpose: .evaluation, trajectory: UInt64(number), step: 0)
    func numbers() -> [Double] { (0..<(2 * sites)).map { _ in 2 * random.uniform() - 1 } }
    var vectors: [[Double]] = []
    var rho = [Double](repeating: 0, count: 2 * sites * sites)
    for m in 0...(sites / 2) {
      var v = zip(numbers(), numbers()).map { $0 + turn * $1 }
      for w in vectors {
        var (re, im) = (0.0, 0.0)
        for i in 0..<sites {
          let (a, b, x, y) = (w[2 * i], w[2 * i + 1], v[2 * i], v[2 * i + 1])
          re += a * x + b * y
          im += a * y - b * x
        }
        for i in 0..<sites {
          let (a, b) = (w[2 * i], w[2 * i + 1])
          v[2 * i] -= re * a - im * b
          v[2 * i + 1] -= re * b + im * a
        }
      }
      let norm = v.reduce(0.0) { $0 + $1 * $1 }.squareRoot()
      v = v.map { $0 / norm }
      vectors.append(v)
      let f = m < sites / 2 - 1 ? occupied : 0.5
      for i in 0..<sites {
        for j in 0..<sites {
          rho[2 * (i * sites + j)] += f * (v[2 * i] * v[2 * j] + v[2 * i + 1] * v[2 * j + 1])
          rho[2 * (i * sites + j) + 1] += f * (v[2 * i + 1] * v[2 * j] - v[2 * i] * v[2 * j + 1])
        }
      }
    }
    return rho.map { Float($0) }
  }

  /// So small that what an untrained network predicts is near the states that come.
  static let scales = FieldScales([
    "rho": FieldScale(state: 0.7, tendency: 0.04, increment: 0.002),
    "Q": FieldScale(state: 0.5, tendency: 0.05, increment: 0.003),
    "P": FieldScale(state: 0.25, tendency: 0.03, increment: 0.0025),
  ])

  private static func constrained(_ values: [Float], _ constraint: MatrixConstraint) -> [Float] {
    var values = values
    let scratch = FloatBuffer(count: constraint.scratchCount)
    values.withUnsafeMutableBufferPointer {
      constraint.apply($0.baseAddress!, record: nil, scratch: scratch.pointer)
    }
    return values
  }

  @Test("The product of complex matrices is its definition", arguments: [2, 6, 16, 18, 32])
  func product(n: Int) {
    var random = CounterRandom(seed: 1, purpose: .evaluation, trajectory: UInt64(n), step: 0)
    let (a, b) = (0..<2).map { _ in (0..<(2 * n * n)).map { _ in Float(2 * random.uniform() - 1) } }.pair
    var c = [Float](repeating: 0, count: 2 * n * n)
    holstream_complex_product(Int32(n), a, b, &c)
    for i in 0..<n {
      for j in 0..<n {
        var (re, im) = (0.0, 0.0)
        for k in 0..<n {
          let (x, y) = (Double(a[i * n + k]), Double(a[n * n + i * n + k]))
          let (u, v) = (Double(b[k * n + j]), Double(b[n * n + k * n + j]))
          re += x * u - y * v
          im += x * v + y * u
        }
        #expect(abs(Double(c[i * n + j]) - re) < 1e-5 && abs(Double(c[n * n + i * n + j]) - im) < 1e-5)
      }
    }
  }

  @Test("The spectrum's constraint leaves a right ρ alone and brings one nearby back", arguments: [6, 16])
  func keeps(sites: Int) throws {
    let constraint = try #require(MatrixConstraint(.spectrum, sites: sites))
    let rho = Self.matrix(sites: sites, number: 1, turn: 0)
    #expect(constraint.isKept(by: rho, tolerance: 1e-5))
    for (a, b) in zip(Self.constrained(rho, constraint), rho) { #expect(abs(a - b) < 3e-6) }
    // Noise that is neither Hermitian nor of trace 0.
    var random = CounterRandom(seed: 2, purpose: .evaluation, trajectory: 0, step: 0)
    let noisy = rho.map { $0 + Float(0.008 * (random.uniform() - 0.5)) }
    let projection = try #require(MatrixConstraint(.projection, sites: sites))
    #expect(!constraint.isKept(by: Self.constrained(noisy, projection), tolerance: 1e-3))
    let back = Self.constrained(noisy, constraint)
    #expect(constraint.isKept(by: back, tolerance: 1e-3))
    var trace: Float = 0
    for i in 0..<sites {
      trace += back[2 * (i * sites + i)]
      for j in 0..<sites {
        #expect(back[2 * (i * sites + j)] == back[2 * (j * sites + i)])
        #expect(back[2 * (i * sites + j) + 1] == -back[2 * (j * sites + i) + 1])
      }
    }
    #expect(abs(trace - Float(sites) / 2) < 1e-5)
    // It is not moved far: no further than the noise reached.
    func distance(_ values: [Float]) -> Float {
      zip(values, rho).reduce(Float(0)) { sum, pair in sum + (pair.0 - pair.1) * (pair.0 - pair.1) }
    }
    #expect(distance(back) < distance(noisy))
  }

  @Test(
    "Through the spectrum's constraint, too, the gradient is the slope of the loss",
    arguments: [ModelFamily.cnn, .parc], [6, 16])
  func slope(family: ModelFamily, sites: Int) throws {
    var configuration = Fixtures.configuration(family, noise: 0)
    configuration.model.constraint = .spectrum
    configuration.model.scales = Self.scales
    let batch = try Self.batch(sites: sites)
    var projected = configuration
    projected.model.constraint = .projection
    #expect(
      try Trainer(configuration: configuration).loss(of: batch, asStep: 0)
        != Trainer(configuration: projected).loss(of: batch, asStep: 0))
    try Slope.check(configuration, batch, distance: 2e-3, tolerance: 3e-3)
  }

  @Test(
    "Rollouts of a network that was trained under it keep the spectrum, from its file too, and any number of workers")
  func rollout() throws {
    var configuration = Fixtures.configuration(.parc, noise: 1e-3)
    configuration.model.constraint = .spectrum
    configuration.model.scales = Self.scales
    configuration.model.layout = Fixtures.layout(sites: 6)
    let batch = try Self.batch(sites: 6)
    func trained(_ workers: Int) throws -> Trainer {
      configuration.workers = workers
      let trainer = try Trainer(configuration: configuration)
      for _ in 0..<3 { try trainer.step(batch) }
      return trainer
    }
    let trainer = try trained(1)
    #expect(try trained(2).parameters == trainer.parameters)
    let file = try trainer.checkpoint().safetensors()
    #expect(file.metadata["model_kwargs"]?.contains("spectrum") == true)
    let model = try Checkpoint(file, name: "test").surrogate()
    let states = try model.predictor(for: Fixtures.layout(sites: 6)).rollout(
      from: batch.samples[0].window.state(0), steps: 4)
    let constraint = try #require(MatrixConstraint(.spectrum, sites: 6))
    for state in states { #expect(constraint.isKept(by: state.values, tolerance: 1e-2)) }
  }

  @Test("Data whose ρ has other eigenvalues are refused with the remedy")
  func refused() throws {
    var configuration = Fixtures.configuration(.cnn)
    configuration.model.constraint = .spectrum
    configuration.model.scales = Self.scales
    let trainer = try Trainer(configuration: configuration)
    let error = #expect(throws: LearningError.self) {
      try trainer.step(Self.batch(sites: 6, occupied: 0.9))
    }
    #expect(error?.code == .invalidData && error?.message.contains("constrain: projection") == true)
  }
}

extension Array {
  fileprivate var pair: (Element, Element) { (self[0], self[1]) }
}
