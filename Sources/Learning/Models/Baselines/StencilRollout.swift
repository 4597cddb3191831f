internal import Foundation
internal import Tensors
internal import Trajectories

/// A rollout of a `StencilModel`.
final class StencilRollout: Predictor {
  let place: Neighbourhood
  private let random: RandomFeatures?
  private let inverse: [Float]
  private let scale: [Float]
  /// (targets, features + 1).
  private let weights: [Float]
  /// (channels, sites) the scaled state, and (units, sites) the hidden one.
  private var planes: [Float]
  private var hidden: [Float]
  private var next: [Float]
  private var seen: [Float]
  /// (units) of one site.
  private var driven: [Float]

  var layout: StateLayout { place.embedding.layout }

  init(_ place: Neighbourhood, scales: FieldScales, weights: [Float], random: RandomFeatures?) {
    self.place = place
    self.random = random
    self.weights = weights
    let layout = place.embedding.layout
    let fields = layout.fields.map(\.name)
    inverse = StateEmbedding.spread(scales.states(fields).map { 1 / $0 }, over: layout)
    scale = StateEmbedding.spread(scales.increments(fields), over: layout)
    planes = Array(repeating: 0, count: place.embedding.count)
    hidden = Array(repeating: 0, count: (random?.units ?? 0) * place.sites)
    next = hidden
    driven = Array(repeating: 0, count: random?.units ?? 0)
    seen = Array(repeating: 0, count: place.count + (random?.units ?? 0) * (place.taps + 1))
  }

  func observe(_ state: State<Float>) {
    place.embedding.embed(state.values, scale: inverse, into: &planes)
    guard let random else { return }
    for site in 0..<place.sites {
      place.gather(planes, channels: place.channels, site: site, into: &seen)
      seen.withUnsafeMutableBufferPointer {
        place.gather(hidden, channels: random.units, site: site, into: $0.baseAddress! + place.count)
      }
      random.drive(seen, into: &driven)
      for unit in 0..<random.units {
        let before = hidden[unit * place.sites + site]
        next[unit * place.sites + site] = before + random.leak * (driven[unit] - before)
      }
    }
    swap(&hidden, &next)
  }

  /// What the readout of a site sees: its neighbours' numbers and its own hidden state.
  func features(_ site: Int) -> [Float] {
    look(site)
    return Array(seen[..<(place.count + (random?.units ?? 0))])
  }

  private func look(_ site: Int) {
    place.gather(planes, channels: place.channels, site: site, into: &seen)
    for unit in 0..<(random?.units ?? 0) { seen[place.count + unit] = hidden[unit * place.sites + site] }
  }

  /// What the readout of a site should say of a change of the state.
  func target(_ change: [Float], _ site: Int) -> [Float] {
    place.embedding.embed(zip(change, scale).map { $0 / $1 }, scale: ones, into: &targets)
    return place.targets.map { targets[$0 * place.sites + site] }
  }
  private lazy var targets = [Float](repeating: 0, count: place.embedding.count)
  private lazy var ones = [Float](repeating: 1, count: place.embedding.layout.count)

  func advance(_ state: inout State<Float>) {
    observe(state)
    let count = place.count + (random?.units ?? 0)
    // The planes are read by neighbours, so that the changes are gathered apart.
    for k in targets.indices { targets[k] = 0 }
    for site in 0..<place.sites {
      look(site)
      for (row, channel) in place.targets.enumerated() {
        let first = row * (count + 1)
        var sum = weights[first + count]
        for k in 0..<count { sum += weights[first + k] * seen[k] }
        targets[channel * place.sites + site] = sum
      }
    }
    state.values.withUnsafeMutableBufferPointer {
      place.embedding.extract(targets, scale: scale, addingTo: $0.baseAddress!)
    }
  }
}

/// Random recurrent weights of an echo-state network, as a function of its seed; never trained.
struct RandomFeatures: Sendable {
  let units: Int
  let leak: Float
  /// (what a site sees of the state and of the hidden state, units), and (units).
  private let weights: [Float]
  private let bias: [Float]
  private let count: Int

  init(_ configuration: EchoStateNetwork.Configuration, _ place: Neighbourhood) {
    units = configuration.units(of: place.embedding.layout)
    leak = configuration.leak
    count = place.count + units * place.taps
    var random = CounterRandom(seed: configuration.seed, purpose: .weights, trajectory: 1 << 20)
    var rows: [Float] = []
    rows.reserveCapacity(units * count)
    for _ in 0..<units {
      var row = (0..<count).map { _ in Float(random.normal()) }
      let norm = row[place.count...].reduce(0) { $0 + abs($1) }
      for k in 0..<place.count { row[k] *= configuration.drive / Float(place.count).squareRoot() }
      for k in place.count..<count { row[k] *= configuration.recurrence / norm }
      rows += row
    }
    let (count, units) = (count, units)
    weights = (0..<(count * units)).map { rows[$0 % units * count + $0 / units] }
    bias = (0..<units).map { _ in 0.3 * Float(random.normal()) }
  }

  /// tanh(W [state, hidden] + b) of each unit.
  func drive(_ seen: [Float], into driven: inout [Float]) {
    driven.withUnsafeMutableBufferPointer { driven in
      weights.withUnsafeBufferPointer { weights in
        for unit in 0..<units { driven[unit] = bias[unit] }
        // By columns, so that neighbouring units add up side by side.
        for k in 0..<count {
          let column = UnsafeBufferPointer(rebasing: weights[(k * units)..<((k + 1) * units)])
          let value = seen[k]
          for unit in 0..<units { driven[unit] += column[unit] * value }
        }
        for unit in 0..<units { driven[unit] = tanh(driven[unit]) }
      }
    }
  }
}
