import Foundation
import Testing
import Trajectories

@testable import Climate

@Suite("Rolling statistics")
struct RollingTests {
  private let names = ["x", "y"]

  /// Three trajectories of two observables, frame by frame: (trajectory, values).
  private func stream(_ length: Int, seed: UInt64 = 0) -> [(Int, [Double])] {
    let series = (0..<6).map { autoregressive(0.8, length: length, seed: seed + UInt64($0)) }
    var frames: [(Int, [Double])] = []
    for t in 0..<length {
      for trajectory in 0..<3 {
        frames.append((trajectory, [series[2 * trajectory][t], 5 + series[2 * trajectory + 1][t]]))
      }
    }
    return frames
  }

  @Test("One pass gives the moments, the autocorrelation and the histogram of all the data")
  func onePass() {
    let frames = stream(400)
    var fold = ClimateFold(names: names, maximumLag: 20)
    for (trajectory, values) in frames { fold.add(trajectory: trajectory, values: values) }
    let found = fold.snapshot().observables[1]
    let series = (0..<3).map { number in frames.filter { $0.0 == number }.map { $0.1[1] } }
    let values = series.flatMap { $0 }
    let mean = values.reduce(0, +) / 1200
    #expect(abs(found.mean - mean) < 1e-12)
    #expect(abs(found.variance - values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1200) < 1e-10)
    #expect(found.minimum == values.min() && found.maximum == values.max())
    let curve = Autocorrelation.ensemble(series, maximumLag: 20)
    #expect(found.autocorrelation.count == 21)
    #expect(zip(found.autocorrelation, curve).allSatisfy { abs($0 - $1) < 1e-10 })
    #expect(found.histogram.reduce(0, +) == 1200 && found.histogram.count <= 64)
    #expect(found.histogramLow <= values.min()!)
    #expect(found.histogramLow + found.histogramWidth * Double(found.histogram.count) > values.max()!)
  }

  @Test("Parts merge into the whole, wherever the stream is cut", arguments: [1, 3, 10, 333, 600])
  func merges(cut: Int) {
    let frames = stream(400)
    var whole = ClimateFold(names: names, maximumLag: 20)
    var parts = [ClimateFold(names: names, maximumLag: 20)]
    for (number, (trajectory, values)) in frames.enumerated() {
      whole.add(trajectory: trajectory, values: values)
      if number == cut || number == cut + 40 { parts.append(ClimateFold(names: names, maximumLag: 20)) }
      parts[parts.count - 1].add(trajectory: trajectory, values: values)
    }
    // In another order of joining too: (a + b) + c and a + (b + c).
    var left = parts[0]
    left.merge(parts[1])
    left.merge(parts[2])
    var right = parts[1]
    right.merge(parts[2])
    var all = parts[0]
    all.merge(right)
    for merged in [left, all] {
      #expect(merged.seen == whole.seen)
      for (a, b) in zip(merged.snapshot().observables, whole.snapshot().observables) {
        #expect(abs(a.mean - b.mean) < 1e-12 && abs(a.variance - b.variance) < 1e-10)
        #expect(a.histogram == b.histogram && a.histogramLow == b.histogramLow)
        #expect(zip(a.autocorrelation, b.autocorrelation).allSatisfy { abs($0 - $1) < 1e-10 })
      }
    }
  }

  @Test("Histograms of values of any size merge exactly, in any order")
  func histograms() {
    var random = SeededNormals(4)
    let sets = [1.0, 1e-9, 1e7, 3].map { scale in (0..<100).map { _ in scale * random.next() } } + [[0, -1e300, .nan]]
    var whole = StreamingHistogram()
    for value in sets.flatMap({ $0 }) { whole.add(value) }
    for order in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 4, 0, 1, 3]] {
      var merged = StreamingHistogram()
      for index in order {
        var part = StreamingHistogram()
        for value in sets[index] { part.add(value) }
        merged.merge(part)
      }
      #expect(merged == whole)
    }
    #expect(whole.filled.counts.reduce(0, +) == 402)
  }

  @Test("What is forgotten counts half after the half-life, and a shift is followed")
  func forgetting() {
    var fold = ClimateFold(names: ["x"], maximumLag: 3, halfLife: 50)
    for t in 0..<2000 { fold.add(trajectory: 0, values: [t < 1000 ? 0 : 1]) }
    #expect(abs(fold.snapshot().observables[0].mean - 1) < 1e-5)
    var one = ClimateFold(names: ["x"], maximumLag: 0, halfLife: 50)
    one.add(trajectory: 0, values: [1])
    for _ in 0..<50 { one.add(trajectory: 0, values: [0]) }
    let total = (0...50).reduce(0) { $0 + pow(0.5, Double($1) / 50) }
    #expect(abs(one.snapshot().observables[0].mean - 0.5 / total) < 1e-12)
  }

  @Test("A stationary stream does not drift and a shifted or louder one does")
  func drift() throws {
    func drifts(_ change: @escaping (Double) -> Double) throws -> ClimateDrift {
      var climate = MonitoredClimate(names: ["x"], window: 3000, maximumLag: 100)
      let x = autoregressive(0.8, length: 6000, seed: 9)
      for (t, value) in x.enumerated() { climate.add(trajectory: 0, values: [t < 3000 ? value : change(value)]) }
      return try #require(climate.summary(timeStep: nil).drift?.first)
    }
    let same = try drifts { $0 }
    #expect(abs(same.mean) < 3.5 && abs(same.variance) < 3.5 && !same.isBiased)
    #expect(try drifts { $0 + 1 }.mean > 5)
    #expect(try drifts { 1.6 * $0 }.variance > 5)
  }

  @Test("Drifts of a stationary process have about unit variance, because frames are counted by their effective number")
  func driftScale() {
    var climate = MonitoredClimate(names: ["x"], window: 800, maximumLag: 60)
    var drifts: [Double] = []
    for (t, value) in autoregressive(0.8, length: 800 * 120, seed: 21).enumerated() {
      climate.add(trajectory: 0, values: [value])
      if (t + 1) % 800 == 0, let drift = climate.summary(timeStep: nil).drift?.first { drifts.append(drift.mean) }
    }
    let variance = drifts.reduce(0) { $0 + $1 * $1 } / Double(drifts.count)
    #expect(drifts.count == 119 && variance > 0.6 && variance < 1.6, "variance \(variance)")
  }

  @Test("The charge-density wave is the structure factor at π, by averages that merge")
  func structure() throws {
    let chain = ChainSystem(sites: 8)
    var states: [State<Double>] = []
    for k in 1...6 {
      var state = State<Double>(zero: chain.layout)
      for i in 0..<8 {
        state.values[2 * (i * 8 + i)] = 0.5 + (i % 2 == 0 ? -0.1 : 0.1) * Double(k)
        state.values[128 + i] = (i % 2 == 0 ? -0.2 : 0.2) * Double(k)
      }
      states.append(state)
    }
    func average(_ states: some Sequence<State<Double>>) -> StructureFactor {
      var average = StructureFactor()
      for state in states {
        average.add(
          Dictionary(uniqueKeysWithValues: chain.siteSeries.map { ($0.name, $0.values(state)) }), on: .ring(8))
      }
      return average
    }
    let whole = average(states)
    let density = try #require(whole.factors["density"])
    let order = states.map(chain.observables[0].value).reduce(0) { $0 + $1 * $1 } / 6
    #expect(abs(density[4] - 8 * order) < 1e-12)
    #expect(density[..<4].allSatisfy { abs($0) < 1e-12 })
    #expect(abs(try #require(whole.factors["displacement"])[4] - 4 * density[4]) < 1e-12)
    var first = average(states[..<2])
    first.merge(average(states[2...]))
    #expect(first.frames == 6 && abs(first.factors["density"]![4] - density[4]) < 1e-12)
    let again = try JSONDecoder().decode(StructureFactor.self, from: JSONEncoder().encode(whole))
    #expect(again == whole)
  }

  @Test("The structure factors of a chain are those of before, to the last digit")
  func structureOfBefore() throws {
    let chain = ChainSystem(sites: 4)
    var climate = MonitoredClimate(names: chain.observables.map(\.name), window: 50, maximumLag: 3)
    for (index, state) in chain.states(wandering(100, frames: 40, sites: 4)).enumerated() {
      climate.add(
        Frame(trajectory: 0, index: index, time: Double(index), state: state), of: chain, chain.observables)
    }
    let structure = try #require(climate.summary(timeStep: nil).structure)
    #expect(structure.frames == 40)
    // Sines are the system library's.
    let expected = [0.05575390486548408, 0.021161231611506064, 0.024863076103634123, 0.029124499634610126]
    let found = structure.factors["density"]![1...] + structure.factors["displacement"]![1...]
    #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-14 * $1 }, "\(found)")
  }

  @Test("What a system has on its sites is watched without being told")
  func sites() throws {
    let system = RecordedSystem(
      "log", layout: StateLayout([Field("u", shape: [2, 4]), Field("c")], domain: .square(2, 4)))
    var climate = MonitoredClimate(names: ["c"], window: 10, maximumLag: 2)
    let state = State(system.layout, [1, -1, 1, -1, -1, 1, -1, 1, 5])
    climate.add(
      Frame(trajectory: 0, index: 0, time: 0, state: state), of: system, [try #require(system.observable("c"))])
    let snapshot = climate.summary(timeStep: nil)
    #expect(snapshot.observables[0].mean == 5 && snapshot.structure?.factors.keys.sorted() == ["u"])
    #expect(abs(try #require(snapshot.structure?.factors["u"])[1 * 3 + 2] - 8) < 1e-12)
  }

  @Test("On a square lattice a checkerboard is at (π, π) and stripes are at (0, π)")
  func square() {
    func factor(_ value: (Int, Int) -> Double) -> [Double] {
      var factor = StructureFactor()
      factor.add(["u": (0..<24).map { value($0 / 6, $0 % 6) }], on: .square(4, 6))
      return factor.factors["u"] ?? []
    }
    let checkerboard = factor { ($0 + $1) % 2 == 0 ? -0.3 : 0.3 }
    #expect(checkerboard.count == 4 * 4 && abs(checkerboard[2 * 4 + 3] - 24 * 0.09) < 1e-12)
    let stripes = factor { $1 % 2 == 0 ? 1 : 1.4 }
    #expect(abs(stripes[3] - 24 * 0.04) < 1e-12)
    #expect(stripes.enumerated().allSatisfy { $0.offset == 3 || abs($0.element) < 1e-12 })
  }

  @Test("An alert is raised once, cleared once, and by what is not a number")
  func alerts() {
    var watch = AlertWatch([AlertRule(number: "a", above: 1), AlertRule(number: "b", above: 5, below: 2)])
    #expect(watch.observe(["a": 0, "b": 3]).isEmpty)
    #expect(watch.observe(["a": 2, "b": 1]).map(\.isRaised) == [true, true])
    #expect(watch.observe(["a": 3, "b": 6]).isEmpty)
    #expect(watch.observe(["b": 3]).map(\.message) == ["b is 3.0 again"])
    #expect(watch.raised == [0])
    #expect(watch.observe(["a": 0, "b": .nan]).map(\.isRaised) == [false, true])
  }

  @Test("A range that is larger than the largest number has a histogram, too")
  func largestRange() {
    let values = [-1.7e308, 0, 1.7e308]
    let found = ObservableStatistics(name: "x", values: values, autocorrelation: [], trajectories: 1)
    #expect(found.histogram.reduce(0, +) == 3 && found.histogram[0] == 1 && found.histogram[31] == 1)
    #expect(found.histogramWidth.isFinite)
  }
}
