import Tensors
import Testing
import Trajectories

@testable import Learning

struct LossPartitionTests {
  @Test("Without other word each field that evolves is a term, a complex entry counts once")
  func fields() throws {
    let layout = StateLayout([
      Field("x"), Field("psi", shape: [2], isComplex: true), Field("g", role: .parameter), Field("u", shape: [3]),
    ])
    let partition = LossPartition(layout)
    #expect(partition.parts.map(\.name) == ["x", "psi", "u"])
    let label: [Float] = [1, 0, 0, 0, 0, 5, 1, 1, 1]
    let value: [Float] = [3, 3, 4, 0, 0, 9, 1, 1, 4]
    var sums = [Double](repeating: 0, count: partition.sums)
    partition.addSquares(label, value, weight: 1, to: &sums)
    let (terms, coefficients) = partition.terms(sums, states: 1)
    #expect(terms.map(\.value) == [2, Float(12.5.squareRoot()), Float(3.0.squareRoot())])
    // The gradient of the sum of the terms is the slope.
    var gradient = [Float](repeating: 0, count: layout.count)
    partition.addGradient(label, value, coefficients: coefficients, weight: 1, to: &gradient)
    func loss(_ value: [Float]) -> Double {
      var sums = [Double](repeating: 0, count: partition.sums)
      partition.addSquares(label, value, weight: 1, to: &sums)
      return zip(sums, partition.parts).reduce(0) { $0 + ($1.0 / Double($1.1.entries)).squareRoot() }
    }
    for k in gradient.indices {
      var (up, down) = (value, value)
      up[k] += 1.0 / 64
      down[k] -= 1.0 / 64
      #expect(abs(Double(gradient[k]) - 32 * (loss(up) - loss(down))) < 1e-3, "number \(k)")
    }
  }

  @Test("The kernel of density matrices sums what the definition says, with the diagonal apart or not")
  func densityMatrix() {
    let layout = Fixtures.layout(sites: 4)
    var random = CounterRandom(seed: 4, purpose: .evaluation)
    let (label, value) = (
      (0..<layout.count).map { _ in Float(random.uniform()) }, (0..<layout.count).map { _ in Float(random.uniform()) }
    )
    var expected = [0.0, 0, 0, 0]
    for k in 0..<layout.count {
      let square = Double(label[k] - value[k]) * Double(label[k] - value[k])
      expected[k < 32 ? (k / 2 % 5 == 0 ? 0 : 1) : k < 36 ? 2 : 3] += square
    }
    for separates in [true, false] {
      let partition = LossPartition(layout, separatesDiagonal: separates)
      #expect(partition.parts.map(\.name) == (separates ? ["rho diagonal", "rho rest", "Q", "P"] : ["rho", "Q", "P"]))
      var sums = [Double](repeating: 0, count: partition.sums)
      partition.addSquares(label, value, weight: 1, to: &sums)
      let terms = partition.terms(sums, states: 1).terms.map(\.value)
      let parts =
        separates
        ? [expected[0] / 4, expected[1] / 12, expected[2] / 4, expected[3] / 4]
        : [(expected[0] + expected[1]) / 16, expected[2] / 4, expected[3] / 4]
      for (term, part) in zip(terms, parts) { #expect(abs(Double(term) - part.squareRoot()) < 1e-6) }
    }
  }

  @Test("A symmetry of any system moves samples; where the system has none, asking for it is refused")
  func symmetries() throws {
    let layout = StateLayout([Field("u", shape: [3])], domain: .ring(3))
    // Kuramoto–Sivashinsky: u(x) → −u(−x).
    let known = [
      Permutation("translation", source: [1, 2, 0]),
      Permutation("reflection", source: [0, 2, 1], signs: [true, true, true]),
    ]
    let window = try TrainingWindow(
      trajectory: 0, start: 0, layout: layout, values: [1, 2, 3, 4, 5, 6], tendencies: [7, 8, 9])
    let mirrored = window.transformed(by: known[1])
    #expect(mirrored.values == [-1, -3, -2, -4, -6, -5] && mirrored.tendencies == [-7, -9, -8])
    let batch = try TrainingBatch((0..<32).map { _ in TrainingSample(window) }, steps: 1)
    let group = try SymmetryGroup(.all, of: layout, symmetries: known)
    let images = Set(batch.augmented(seed: 1, step: 2, by: group).samples.map(\.window.values))
    #expect(images.count == 6)
    #expect(throws: LearningError.self) { try SymmetryGroup(.all, of: layout, symmetries: [known[0]]) }
    #expect(throws: Never.self) {
      try SymmetryGroup(.init(translations: true, reflections: false), of: layout, symmetries: [known[0]])
    }
  }

  @Test("Noise disturbs what evolves, a complex entry by half in each part, and leaves parameters alone")
  func noise() {
    let layout = StateLayout([
      Field("psi", shape: [2000], isComplex: true), Field("u", shape: [2000]), Field("g", role: .parameter),
      Field("v", shape: [2000]),
    ])
    var state = [Float](repeating: 0, count: layout.count)
    layout.addNoise(to: &state, deviation: 2, seed: 1, sample: 0, step: 0)
    func square(_ field: String) -> Float { state[layout.range(field)].reduce(0) { $0 + $1 * $1 } / 2000 }
    // 2² within five standard deviations of the mean of 2000 squares.
    for field in ["psi", "u", "v"] { #expect(abs(square(field) - 4) < 0.65) }
    #expect(square("g") == 0)
    #expect(Set(state.filter { $0 != 0 }).count > 7990)
  }
}
