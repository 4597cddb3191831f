import Foundation
import Settings
import Testing
import Trajectories

@testable import Climate

@Suite("Correlations at equal times")
struct CorrelationTests {
  @Test("The products are those of the definition, on lattices whose edges are no powers of two")
  func definition() {
    let (rows, columns) = (6, 10)
    var random = SeededNormals(1)
    let fields = (0..<3).map { _ in (0..<rows * columns).map { _ in 0.3 + random.next() } }
    var correlation = EqualTimeCorrelation(on: .square(rows, columns))
    fields.forEach { correlation.add($0) }
    #expect(correlation.fields == 3 && correlation.reach == 3)
    func mean(_ product: ([Double], Int, Int) -> Double) -> Double {
      var sum = 0.0
      for field in fields { for y in 0..<rows { for x in 0..<columns { sum += product(field, y, x) } } }
      return sum / Double(3 * rows * columns)
    }
    let average = mean { $0[$1 * columns + $2] }
    let square = mean { $0[$1 * columns + $2] * $0[$1 * columns + $2] }
    for r in 0...3 {
      let along = mean { f, y, x in
        let (right, down) = (f[y * columns + (x + r) % columns], f[(y + r) % rows * columns + x])
        return f[y * columns + x] * (right + down) / 2
      }
      let exact = (along - average * average) / (square - average * average)
      #expect(abs(correlation.alongAxes[r] - exact) < 1e-12, "r = \(r)")
    }
    // Separations (±1, ±1) have length √2, which rounds to 1 as (0, ±1) and (±1, 0) do.
    let near = mean { f, y, x in
      var sum = 0.0
      for (dy, dx) in [(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1)] {
        sum += f[(y + dy + rows) % rows * columns + (x + dx + columns) % columns]
      }
      return f[y * columns + x] * sum / 8
    }
    #expect(abs(correlation.circular[1] - (near - average * average) / (square - average * average)) < 1e-12)
  }

  @Test("White noise has no correlations, a checkerboard alternating ones, and neither has domains")
  func limits() {
    let L = 64
    var random = SeededNormals(2)
    var noise = EqualTimeCorrelation(on: .square(L, L))
    for _ in 0..<4 { noise.add((0..<L * L).map { _ in random.next() }) }
    #expect(noise.alongAxes[0] == 1 && noise.alongAxes.dropFirst().allSatisfy { abs($0) < 5 / 181 })
    #expect(abs((noise.length ?? 0) - 0.5) < 0.03)
    var board = EqualTimeCorrelation(on: .square(8, 8))
    board.add((0..<64).map { ($0 / 8 + $0 % 8) % 2 == 0 ? 2 : -2 })
    for (r, value) in board.alongAxes.enumerated() { #expect(abs(value - (r % 2 == 0 ? 1 : -1)) < 1e-14) }
    var flat = EqualTimeCorrelation(on: .square(8, 8))
    flat.add([Double](repeating: 0.7, count: 64))
    #expect(flat.alongAxes.allSatisfy(\.isNaN) && flat.length == nil)
    flat.add([Double](repeating: .nan, count: 64))
    flat.add([1, 2, 3])
    #expect(flat.fields == 1)
  }

  @Test("Stripes of width w have C(r) = 1 − 2r/w across and 1 along, so that ξ is w/2 by the average of both")
  func stripes() {
    let (L, w) = (32, 8)
    var correlation = EqualTimeCorrelation(on: .square(L, L))
    correlation.add((0..<L * L).map { ($0 % L / w) % 2 == 0 ? 1 : -1 })
    for r in 0...w { #expect(abs(correlation.alongAxes[r] - (1 - Double(r) / Double(w))) < 1e-13) }
    #expect(abs(correlation.length! - 4) < 1e-12)
    var ring = EqualTimeCorrelation(on: .ring(L))
    ring.add((0..<L).map { ($0 / w) % 2 == 0 ? 1 : -1 })
    #expect(abs(ring.length! - 2) < 1e-12)
  }

  @Test("A Gaussian field that was smoothed over a width s has C(r) = exp(−r²/4s²)")
  func gaussian() {
    let (L, s) = (128, 3.0)
    var random = SeededNormals(3)
    let kernel = (0..<L).map { x -> Double in
      let d = Double(min(x, L - x))
      return exp(-d * d / (2 * s * s))
    }
    func smooth(_ field: [Double], _ place: (Int, Int) -> Int) -> [Double] {
      var result = field
      // Beyond 4 s the kernel is less than 4e-4.
      let reach = Int(4 * s)
      for line in 0..<L {
        for x in 0..<L {
          var sum = 0.0
          for d in -reach...reach { sum += kernel[(d + L) % L] * field[place(line, (x + d + L) % L)] }
          result[place(line, x)] = sum
        }
      }
      return result
    }
    var correlation = EqualTimeCorrelation(on: .square(L, L))
    let noise = (0..<L * L).map { _ in random.next() }
    correlation.add(smooth(smooth(noise) { $0 * L + $1 }) { $1 * L + $0 })
    for r in 0...6 {
      let exact = exp(-Double(r * r) / (4 * s * s))
      #expect(abs(correlation.alongAxes[r] - exact) < 0.08, "r = \(r)")
      if r > 1 { #expect(abs(correlation.circular[r] - exact) < 0.1, "all directions, r = \(r)") }
    }
    #expect(abs(correlation.length! / (2 * s * log(2).squareRoot()) - 1) < 0.1)
  }

  @Test("Averages that are merged are the average of all, and the weights of a pool are those of its fields")
  func merging() {
    var random = SeededNormals(4)
    let fields = (0..<5).map { _ in (0..<64).map { _ in random.next() } }
    var (all, first, rest) = (EqualTimeCorrelation(on: .square(8, 8)), EqualTimeCorrelation(on: .square(8, 8)), EqualTimeCorrelation(on: .square(8, 8)))
    for (k, field) in fields.enumerated() {
      all.add(field)
      if k < 2 { first.add(field) } else { rest.add(field) }
    }
    first.merge(rest)
    #expect(first.fields == 5)
    #expect(zip(first.alongAxes, all.alongAxes).allSatisfy { abs($0 - $1) < 1e-13 })
  }

  @Test("The metric tells a model whose domains do not grow from the truth, and the truth from itself not")
  func metric() throws {
    let L = 16
    let system = Ordering(sites: L)
    // The truth's stripes grow wider from frame to frame, the model's stay as they are.
    func stripes(_ width: Int, _ shift: Int) -> State<Double> {
      State(system.layout, (0..<L * L).map { ((($0 % L) + shift) / width) % 2 == 0 ? 1.0 : -1.0 })
    }
    let truth = try RolloutTruth(
      of: system, states: (0..<4).map { k in [1, 1, 2, 4].map { stripes($0, k) } }, interval: 1)
    let frozen = Rollouts(truth, model: (0..<4).map { k in [1, 1, 1, 1].map { stripes($0, k) } })
    let metric = CorrelationDistance(.listing())
    let scores = metric.scores(frozen)
    #expect(scores.map(\.name) == ["order C(r)/axes-rms", "order domain size/half-height"])
    #expect(scores[0].value > 0.3 && scores[0].noiseFloor! < 1e-12)
    #expect(abs(scores[1].truth! - 2) < 1e-12 && abs(scores[1].value - 0.5) < 1e-12)
    let same = metric.scores(Rollouts(truth, model: truth.states))
    #expect(same[0].value == 0 && same[1].value == same[1].truth)
    var lost = truth.states
    lost[1][2] = State(system.layout, [Double](repeating: .nan, count: L * L))
    #expect(metric.scores(Rollouts(truth, model: lost))[0].value == .infinity)
    let comparison = DomainComparison(
      of: "order", truth: truth.states.map { $0.map { EqualTimeCorrelation(of: $0.values, on: system.layout.domain) } },
      other: frozen.states.map { $0.map { EqualTimeCorrelation(of: $0.values, on: system.layout.domain) } },
      times: [0, 1, 2, 3])
    #expect(comparison.truth.lengthError.allSatisfy { $0 < 1e-12 } && comparison.difference[3] > 0.3)
    #expect(comparison.text.contains("2.000 ±"))
  }

  @Test("A live stream's domains are averaged over trajectories at equal times")
  func growth() throws {
    let system = Ordering(sites: 16)
    var climate = MonitoredClimate(names: ["m"], window: 100, maximumLag: 4)
    let observables = [Observable("m") { $0.values[0] }]
    for index in 0..<3 {
      for trajectory in 0..<2 {
        let width = 1 << index
        let state = State(
          system.layout, (0..<256).map { (($0 % 16 + trajectory) / width) % 2 == 0 ? 1.0 : -1.0 })
        climate.add(
          Frame(trajectory: trajectory, index: index, time: Double(index) * 0.5, state: state), of: system, observables)
      }
    }
    let snapshot = climate.summary(timeStep: nil)
    let domains = try #require(snapshot.domains)
    #expect(domains.count == 1 && domains[0].name == "order" && domains[0].trajectories == [2, 2, 2])
    #expect(domains[0].times == [0, 0.5, 1] && zip(domains[0].lengths, [0.5, 1, 2]).allSatisfy { abs($0 - $1) < 1e-12 })
    #expect(snapshot.numbers["order domain size"] == domains[0].lengths[2])
    // The next ensemble begins at its first frame: the latest C(r) is that of the latest time all the same.
    climate.add(
      Frame(trajectory: 2, index: 0, time: 0, state: State(system.layout, (0..<256).map { $0 % 2 == 0 ? 1.0 : -1.0 })),
      of: system, observables)
    let later = try #require(climate.summary(timeStep: nil).domains)
    #expect(later[0].latest == domains[0].latest && later[0].trajectories == [3, 2, 2])
  }

  @Test("A trajectory that is lost leaves no C(r) at its times in a comparison, and the table says how many are lost")
  func lost() {
    let domain = Domain.square(8, 8)
    func stripes(_ width: Int) -> EqualTimeCorrelation {
      EqualTimeCorrelation(of: (0..<64).map { ($0 % 8 / width) % 2 == 0 ? 1 : -1 }, on: domain)
    }
    let nothing = EqualTimeCorrelation(of: [Double](repeating: .nan, count: 64), on: domain)
    let truth = [[stripes(1), stripes(2)], [stripes(1), stripes(2)], [stripes(1), stripes(2)]]
    var other = truth
    other[1][1] = nothing
    let comparison = DomainComparison(of: "order", truth: truth, other: other, times: [1, 2])
    #expect(comparison.other.length[0] == 0.5 && comparison.other.length[1].isNaN)
    #expect(comparison.truth.length[1] == 1 && comparison.difference[0] == 0 && !comparison.difference[1].isFinite)
    #expect(comparison.text.contains("1 of 3 trajectories of the other is not finite at time 2"))
    #expect(!DomainComparison(of: "order", truth: truth, other: truth, times: [1, 2]).text.contains("not finite"))
  }
}

/// A lattice of one field that is its own order parameter.
private struct Ordering: SystemDescription {
  let layout: StateLayout
  var name: String { "ordering" }
  var attributes: [String: Attribute] { [:] }
  var siteSeries: [SiteSeries] { [SiteSeries("order", isOrder: true) { $0.values }] }

  init(sites: Int) { layout = StateLayout([Field("phi", shape: [sites, sites])], domain: .square(sites, sites)) }
}
