import Foundation
import TestSupport
import Testing

@testable import Climate

@Suite("The climate")
struct ClimateTests {
  @Test("The autocorrelation of an AR(1) process is φ to the lag, and its integrated time 1/2 + φ/(1 − φ)")
  func autoregression() throws {
    let phi = 0.8
    let series = (0..<40).map { autoregressive(phi, length: 4000, seed: UInt64($0)) }
    let curve = Autocorrelation.ensemble(series, maximumLag: 60)
    let errors = Autocorrelation.standardErrors(series, maximumLag: 60)
    for lag in 0...20 { #expect(abs(curve[lag] - pow(phi, Double(lag))) < 5 * errors[lag] + 1e-12, "lag \(lag)") }
    #expect(abs(try #require(Autocorrelation.integratedTime(curve)) - (0.5 + phi / (1 - phi))) < 0.3)
  }

  @Test("That of an Ornstein–Uhlenbeck process in the plane is a damped cosine")
  func ornsteinUhlenbeck() {
    let (damping, angle) = (0.97, 0.3)
    let series = (0..<40).map { seed -> [Double] in
      var random = SeededNormals(300 + UInt64(seed))
      let kick = (1 - damping * damping).squareRoot()
      var (x, y) = (random.next(), random.next())
      return (0..<2000).map { _ in
        (x, y) = (damping * (x * cos(angle) - y * sin(angle)), damping * (x * sin(angle) + y * cos(angle)))
        x += kick * random.next()
        y += kick * random.next()
        return x
      }
    }
    let curve = Autocorrelation.ensemble(series, maximumLag: 60)
    let errors = Autocorrelation.standardErrors(series, maximumLag: 60)
    for lag in 0...60 {
      let exact: Double = pow(damping, Double(lag)) * cos(angle * Double(lag))
      #expect(abs(curve[lag] - exact) < 5 * errors[lag] + 1e-12, "lag \(lag)")
    }
  }

  @Test("The autocorrelation of a harmonic oscillation is its cosine")
  func harmonic() {
    let series = [(0..<6400).map { sin(2 * .pi * Double($0) / 64) }]
    let curve = Autocorrelation.ensemble(series, maximumLag: 64)
    for lag in [0, 16, 32, 48, 64] { #expect(abs(curve[lag] - cos(2 * .pi * Double(lag) / 64)) < 0.02) }
  }

  @Test(
    "The published autocorrelation of the deep quench is met to round-off, and so are its error bars in size",
    .enabled(if: Places.golden("acf_deep_L16") != nil, "tools/test unpacks the golden data where there is any"))
  func golden() throws {
    let folder = try #require(Places.golden("acf_deep_L16"))
    for (series, curve) in [("Delta_rho", "A_rho"), ("Delta_Q", "A_Q")] {
      let x = try NumPyArray(contentsOf: folder.appending(path: "\(series).npy"))
      let expected = try NumPyArray(contentsOf: folder.appending(path: "\(curve).npy")).values
      let result = Autocorrelation.ensemble((0..<x.shape[0]).map { x[row: $0] }, maximumLag: 100)
      #expect(result.count == expected.count)
      #expect(zip(result, expected).allSatisfy { abs($0 - $1) < 1e-12 })
    }
  }

  @Test("Two Gaussians that differ by a shift are that shift apart in Wasserstein-1 distance")
  func wasserstein() {
    var random = SeededNormals(3)
    let x = (0..<5000).map { _ in random.next() }
    #expect(abs(Distances.wasserstein1(x, x.map { $0 + 0.7 }) - 0.7) < 1e-12)
    #expect(Distances.wasserstein1(x, x.shuffled()) == 0)
    #expect(abs(Distances.wasserstein1([0, 1], [0, 0, 1, 1]) - 0) < 1e-15)
  }

  @Test("scipy's Wasserstein distance is met, and statsmodels' autocorrelation for a series without a mean")
  func peers() throws {
    let peers = try PeerFigures()
    for d in 0..<3 {
      #expect(abs(Distances.wasserstein1(peers.truth[d], peers.other[d]) - peers.wasserstein[d]) < 1e-9)
    }
    let z = peers.truth[2]
    let mean = z.reduce(0, +) / Double(z.count)
    let curve = Autocorrelation.ensemble([z.map { $0 - mean }], maximumLag: 60)
    #expect(zip(curve, peers.acf).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(curve.count == peers.acf.count)
  }

  @Test("Averaged over time, an oscillation of random phase and mean has the autocorrelation of one alone")
  func timeAveraged() {
    let series = (0..<5).map { k -> [Double] in
      (0..<1280).map { t -> Double in Double(k) + sin(2 * Double.pi * Double(t + 7 * k) / 64) }
    }
    let own = Autocorrelation.timeAveraged(series, maximumLag: 64)
    let ensemble = Autocorrelation.ensemble(series, maximumLag: 64)
    #expect(abs(own[32] + 1) < 0.05)
    #expect(ensemble[32] > 0.5, "the spread of the means belongs to the ensemble's variance")
  }

  @Test("The window slides: old frames leave the statistics, and what is not finite is counted")
  func window() {
    var climate = RollingClimate(names: ["x"], window: 100, maximumLag: 5)
    for value in 0..<1000 { climate.add(trajectory: 0, values: [Double(value)]) }
    var x = climate.snapshot().observables[0]
    #expect(x.minimum == 900 && x.maximum == 999 && x.mean == 949.5)
    #expect(x.histogram.reduce(0, +) == 100)
    climate.add(trajectory: 0, values: [.nan])
    x = climate.snapshot().observables[0]
    #expect(x.notFinite == 1 && x.mean.isFinite)
  }
}
