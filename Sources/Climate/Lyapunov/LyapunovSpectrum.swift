internal import Foundation
internal import Tensors

/// Lyapunov exponents of a map of states, by re-orthonormalised tangent vectors.
///
/// k vectors are carried along with the state; every few steps they are made orthonormal again (a QR decomposition by the
/// modified Gram–Schmidt method), and the logarithms of the lengths they had grown to are averaged.
///
/// Source: Benettin, Galgani, Giorgilli and Strelcyn, Meccanica 15, 9 (1980); Shimada and Nagashima, Prog. Theor. Phys. 61,
/// 1605 (1979).
public struct LyapunovSpectrum: Codable, Sendable, Equatable {
  /// In units of one over time, as the vectors come out: largest first but for noise.
  public var exponents: [Double]
  /// From the scatter of ten consecutive parts of the run.
  public var standardErrors: [Double]
  /// Time that the average is over.
  public var time: Double

  /// Maps vectors at a state to where the step's linearisation takes them.
  public typealias Tangent = (_ state: [Double], _ vectors: [[Double]]) -> [[Double]]

  /// - Parameters:
  ///   - start: A state, (D).
  ///   - exponents: How many, at most D.
  ///   - timeStep: Time of one step.
  ///   - transient: Steps before the average begins, for the state to reach the attractor and the vectors to align.
  ///   - steps: Steps of the average.
  ///   - every: Steps between two orthonormalisations.
  ///   - seed: Of the first vectors.
  ///   - tangent: The linearised step; central finite differences of `step` when nil.
  ///   - step: The state after one step.
  /// - Returns: nil when a state is not finite.
  public init?(
    from start: [Double], exponents count: Int, timeStep: Double, transient: Int, steps: Int, every: Int = 1,
    seed: UInt64 = 0, tangent: Tangent? = nil, step: ([Double]) -> [Double]
  ) {
    precondition(
      count >= 1 && count <= start.count && steps >= every && every >= 1 && timeStep > 0,
      "a Lyapunov spectrum needs 1 to \(start.count) exponents and at least one orthonormalisation")
    var random = CounterRandom(seed: seed, purpose: .evaluation, trajectory: 1 << 21)
    var vectors = (0..<count).map { _ in start.map { _ in random.normal() } }
    _ = Self.orthonormalise(&vectors)
    var state = start
    var growth: [[Double]] = []
    for number in 0..<(transient + steps) {
      let next = step(state)
      vectors = tangent.map { $0(state, vectors) } ?? Self.differences(state, vectors, step)
      state = next
      guard state.allSatisfy(\.isFinite) else { return nil }
      guard (number + 1) % every == 0 else { continue }
      let lengths = Self.orthonormalise(&vectors)
      guard lengths.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
      if number >= transient { growth.append(lengths.map { log($0) }) }
    }
    guard !growth.isEmpty else { return nil }
    let interval = timeStep * Double(every)
    time = interval * Double(growth.count)
    exponents = (0..<count).map { k in growth.reduce(0) { $0 + $1[k] } / (interval * Double(growth.count)) }
    standardErrors = (0..<count).map { k in
      BlockError.standardError(of: growth.map { $0[k] / interval }, blocks: 10) ?? .nan
    }
  }

  /// j + Σ_{k ≤ j} λ_k / |λ_{j+1}|, j the most exponents whose sum is not negative (Kaplan and Yorke); nil when the sum of
  /// all that were computed is not negative.
  public var kaplanYorkeDimension: Double? {
    var sum = 0.0
    for (index, exponent) in exponents.sorted(by: >).enumerated() {
      if sum + exponent < 0 { return Double(index) + sum / abs(exponent) }
      sum += exponent
    }
    return nil
  }

  /// (f(x + εv) − f(x − εv)) / 2ε, with ε small beside x and v of length 1.
  private static func differences(_ state: [Double], _ vectors: [[Double]], _ step: ([Double]) -> [Double])
    -> [[Double]]
  {
    let size = max(1, state.reduce(0) { $0 + $1 * $1 }.squareRoot())
    return vectors.map { vector in
      let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let epsilon = 1e-6 * size / length
      let ahead = step(zip(state, vector).map { $0 + epsilon * $1 })
      let behind = step(zip(state, vector).map { $0 - epsilon * $1 })
      return zip(ahead, behind).map { ($0 - $1) / (2 * epsilon) }
    }
  }

  /// Makes the vectors orthonormal in their order; the diagonal of R.
  private static func orthonormalise(_ vectors: inout [[Double]]) -> [Double] {
    var lengths: [Double] = []
    for k in vectors.indices {
      let length = vectors[k].reduce(0) { $0 + $1 * $1 }.squareRoot()
      for j in 0..<k {
        let overlap = zip(vectors[k], vectors[j]).reduce(0) { $0 + $1.0 * $1.1 }
        for d in vectors[k].indices { vectors[k][d] -= overlap * vectors[j][d] }
      }
      let rest = vectors[k].reduce(0) { $0 + $1 * $1 }.squareRoot()
      lengths.append(rest)
      // What is left of a vector that had almost collapsed onto the others is made orthogonal a second time.
      if rest < 1e-8 * length {
        for j in 0..<k {
          let overlap = zip(vectors[k], vectors[j]).reduce(0) { $0 + $1.0 * $1.1 }
          for d in vectors[k].indices { vectors[k][d] -= overlap * vectors[j][d] }
        }
      }
      let final = vectors[k].reduce(0) { $0 + $1 * $1 }.squareRoot()
      for d in vectors[k].indices { vectors[k][d] /= final }
    }
    return lengths
  }
}
