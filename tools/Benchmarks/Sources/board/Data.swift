import Climate
import Foundation
import Settings
import Systems
import Tensors
import Trajectories

/// A system of the board: what is shown to learners, and the truth that they are held to.
struct BoardData: Sendable {
  /// Points that are learnt from, that are forecast, and frames of a climate.
  static let (training, forecast, climate) = (1000, 200, 2000)
  /// Frames before a climate's start, for learners that remember.
  static let memory = 64

  let name: String
  /// The numbers that are seen: of a delay system the newest one.
  let layout: StateLayout
  let interval: Double
  /// (training + forecast, numbers) of the trajectory that is learnt from, without noise.
  let points: [[Float]]
  /// Standard deviation of each number over these.
  let deviations: [Float]
  /// Trajectories of the truth, memory first, and as many others for the floors.
  let truth: [[[Double]]]
  let reference: [[[Double]]]
  /// The largest Lyapunov exponent with its standard error; nil where it cannot be measured.
  let exponent: Double?
  let exponentError: Double?

  /// - Returns: nil for a system whose trajectories do not stay finite.
  init?(_ word: String, seed: UInt64) throws {
    guard let system = SystemCatalogue.make(word, ConfigurationSection.listing(), seed: seed) else {
      throw Problem("there is no system \(word)")
    }
    name = word
    let fields = system.layout.fields.filter { $0.name != "past" }
    layout = StateLayout(fields, domain: system.layout.domain)
    let size = layout.count
    interval = system.interval
    let frames = max(Self.training + Self.forecast, Self.memory + Self.climate + 1)
    var ensemble = try system.ensemble(0..<5, seed: seed, workers: 1)
    var all = [[State<Double>]](repeating: [], count: 5)
    for _ in 0..<frames {
      for (k, frame) in try ensemble.advance().enumerated() {
        guard frame.state.isFinite else { return nil }
        all[k].append(frame.state)
      }
    }
    let seen = all.map { $0.map { Array($0.values[..<size]) } }
    points = seen[0].prefix(Self.training + Self.forecast).map { $0.map { Float($0) } }
    let own = points
    deviations = (0..<size).map { k in
      let values = own.prefix(Self.training).map { Double($0[k]) }
      let mean = values.reduce(0, +) / Double(values.count)
      return Float((values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot())
    }
    truth = Array(seen[1...2])
    reference = Array(seen[3...4])
    // A state after the forecast: on the attractor.
    let probe = LyapunovProbe(
      starts: all[1...4].map { .init(state: $0.last!.values, time: 0) }, frames: 4000, interval: interval)
    let found = try probe.exponents { _ in
      { state, time in
        var state = state
        system.advance(&state, from: time, steps: system.saveEvery)
        return state
      }
    }.compactMap { $0?.value }.filter(\.isFinite)
    let mean = found.reduce(0, +) / Double(max(found.count, 1))
    exponent = found.count > 1 ? mean : nil
    exponentError =
      found.count > 1
      ? (found.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(found.count * (found.count - 1))).squareRoot()
      : nil
  }

  /// The points to learn from with noise of so many standard deviations, drawn anew for each seed.
  func observed(noise: Float, seed: UInt64) -> [[Float]] {
    guard noise > 0 else { return Array(points.prefix(Self.training)) }
    var random = CounterRandom(seed: seed, purpose: .inputNoise, trajectory: 0)
    var observed = Array(points.prefix(Self.training))
    for row in observed.indices {
      for k in deviations.indices { observed[row][k] += noise * deviations[k] * Float(random.normal()) }
    }
    return observed
  }

  /// The truth of climates, the floors with it.
  func rolloutTruth() throws -> RolloutTruth {
    let system = RecordedSystem(name, layout: layout)
    func states(_ rows: [[Double]]) -> [State<Double>] { rows.dropFirst(Self.memory).map { State(layout, $0) } }
    return try RolloutTruth(
      of: system, states: truth.map { states($0).prefix(Self.climate + 1).map(\.self) },
      reference: RolloutTruth.series(
        of: system.observables, reference.map { states($0).prefix(Self.climate + 1).map(\.self) }),
      interval: interval)
  }
}

struct Problem: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
