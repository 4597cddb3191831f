import Foundation
import Testing

@testable import Climate

@Suite("The state-space divergence")
struct StateSpaceTests {
  /// Points of a normal distribution in two dimensions, (trajectories, length, 2).
  private func normals(_ mean: Double, trajectories: Int = 8, length: Int = 300, seed: UInt64) -> [[[Double]]] {
    var random = SeededNormals(seed)
    return (0..<trajectories).map { _ in
      (0..<length).map { _ in [mean + random.next(), random.next()] }
    }
  }

  @Test("Shifted Gaussians are |μ|²/2(1 + σ²) apart by mixtures of kernels of variance σ²", arguments: [0.5, 1, 2])
  func shifted(shift: Double) throws {
    let mixture = try #require(
      StateSpaceDivergence.GaussianMixture(
        truth: normals(0, length: 100, seed: 1), other: normals(shift, length: 100, seed: 2), variance: 0.25,
        draws: 1000))
    let ones = [Double](repeating: 1, count: 8)
    let exact = shift * shift / (2 * 1.25)
    #expect(abs(mixture.divergence(ones, ones) - exact) < 0.06 + 0.12 * exact)
  }

  @Test("A draw that is far from every point has a logarithm and is counted, where a density would be 0")
  func far() throws {
    let mixture = try #require(
      StateSpaceDivergence.GaussianMixture(
        truth: normals(0, length: 30, seed: 1), other: normals(500, length: 30, seed: 2)))
    let ones = [Double](repeating: 1, count: 8)
    let value = mixture.divergence(ones, ones)
    #expect(value > 30_000 && value.isFinite)
    #expect(mixture.outside == 1000)
  }

  @Test("Points outside the truth's box are counted; when all are, the binned divergence is infinite")
  func outside() throws {
    let truth = normals(0, seed: 1)
    var other = normals(0, seed: 2)
    other[3] = other[3].map { _ in [1e6, 0] }
    other[4][0] = [.nan, 0]
    let binned = try #require(StateSpaceDivergence.Binned(truth: truth, other: other))
    #expect(binned.outside[3] == 300 && binned.outside[4] >= 1)
    let ones = [Double](repeating: 1, count: 8)
    #expect(binned.divergence(ones, ones).isFinite)
    #expect(binned.divergence(ones, [0, 0, 0, 1, 0, 0, 0, 0]) == .infinity)
  }

  @Test("numpy's histograms and scipy's entropy give the same binned divergence, dysts the same mixture divergence")
  func peers() throws {
    let peers = try PeerFigures()
    let binned = try #require(
      StateSpaceDivergence.Binned(
        truth: PeerFigures.points(peers.truth, [0, 2]), other: PeerFigures.points(peers.other, [0, 2])))
    #expect(abs(binned.divergence([1], [1]) - peers.binnedDivergence) < 1e-9)
    let mixture = try #require(
      StateSpaceDivergence.GaussianMixture(
        truth: PeerFigures.points(peers.truth, [0, 1, 2]), other: PeerFigures.points(peers.other, [0, 1, 2]),
        draws: 2000))
    let difference = mixture.divergence([1], [1]) - peers.dystsDivergence.mean
    #expect(abs(difference) < 4 * (peers.dystsDivergence.standardError + peers.dystsDivergence.deviationOfOne / 2))
  }
}
