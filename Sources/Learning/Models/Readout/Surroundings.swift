internal import Trajectories

/// What a readout sees from one place of a state: the numbers of the place and of its neighbours, shared by all places of
/// a kind.
///
/// On a ring and a square a place is a site, of a density matrix a pair of sites, of a plain vector the whole state. The
/// weights know nothing of the number of places, so that a model runs on lattices larger or smaller than those that it
/// was fitted to.
struct Surroundings: Sendable {
  /// Places that share their weights: all, or of a density matrix the diagonal and the rest.
  struct Kind: Sendable {
    let name: String
    let places: [Int]
    /// Channels that are predicted there.
    let targets: [Int]
  }

  let embedding: StateEmbedding
  let kinds: [Kind]
  /// Places that one place sees, itself included.
  let taps: Int
  /// (places, taps).
  private let neighbours: [Int]
  /// Numbers of the state that evolve, and where they lie on planes.
  private let evolving: [Int]
  private let evolvingPlaces: [Int]

  var layout: StateLayout { embedding.layout }
  var places: Int { embedding.planeCount }
  /// Numbers that a place sees.
  var count: Int { embedding.channels * taps }

  /// - Parameter radius: How far a place sees along each axis, where there are neighbours; no farther than round the
  ///   lattice once.
  init(_ layout: StateLayout, radius: Int) {
    embedding = StateEmbedding(layout)
    let targets = embedding.isPrognostic.indices.filter { [embedding] in embedding.isPrognostic[$0] }
    if embedding.kind == .densityMatrix {
      let sites = embedding.extent[0]
      let diagonal = (0..<sites).map { $0 * (sites + 1) }
      let rest = (0..<(sites * sites)).filter { $0 % (sites + 1) != 0 }
      // Displacements and momenta lie on the diagonal alone.
      kinds = [
        Kind(name: "diagonal", places: diagonal, targets: targets),
        Kind(name: "rest", places: rest, targets: [0, 1]),
      ]
    } else {
      kinds = [Kind(name: "", places: Array(0..<embedding.planeCount), targets: targets)]
    }
    let plane = embedding.planeCount
    evolving = embedding.places.indices.filter { [embedding] in embedding.isPrognostic[embedding.places[$0] / plane] }
    evolvingPlaces = evolving.map { [embedding] in embedding.places[$0] }
    // Offsets along the axes, the last one fastest.
    var shifts: [[Int]] = [[]]
    for length in embedding.extent {
      let reach = min(radius, (length - 1) / 2)
      shifts = shifts.flatMap { shift in (-reach...reach).map { shift + [$0] } }
    }
    taps = shifts.count
    let extent = embedding.extent
    neighbours = (0..<embedding.planeCount).flatMap { place in
      shifts.map { shift in
        var (rest, stride, found) = (place, 1, 0)
        for axis in extent.indices.reversed() {
          let length = extent[axis]
          found += (rest % length + shift[axis] + length) % length * stride
          rest /= length
          stride *= length
        }
        return found
      }
    }
  }

  /// Writes what a place sees of planes (channels, places), channel by channel.
  func gather(_ planes: UnsafePointer<Double>, _ place: Int, into seen: UnsafeMutablePointer<Double>) {
    let places = places
    neighbours.withUnsafeBufferPointer { neighbours in
      let own = neighbours.baseAddress! + place * taps
      for channel in 0..<embedding.channels {
        for tap in 0..<taps { seen[channel * taps + tap] = planes[channel * places + own[tap]] }
      }
    }
  }

  /// planes = scale · state, zero elsewhere, in double precision.
  func embed(_ state: UnsafePointer<Float>, scale: [Double], into planes: UnsafeMutablePointer<Double>) {
    embedding.places.withUnsafeBufferPointer { places in
      scale.withUnsafeBufferPointer { scale in
        for k in places.indices { planes[places[k]] = scale[k] * Double(state[k]) }
      }
    }
  }

  /// state += change at the places of what evolves.
  func add(_ planes: UnsafePointer<Double>, to state: UnsafeMutablePointer<Float>) {
    evolving.withUnsafeBufferPointer { evolving in
      evolvingPlaces.withUnsafeBufferPointer { places in
        for index in evolving.indices {
          let k = evolving[index]
          state[k] = Float(Double(state[k]) + planes[places[index]])
        }
      }
    }
  }

  /// The same surroundings in states of another size.
  /// - Throws: `LearningError` of code `invalidData` for states of other fields.
  func matching(_ other: StateLayout, radius: Int) throws -> Surroundings {
    let found = Surroundings(other, radius: radius)
    guard found.embedding.kind == embedding.kind, found.embedding.channels == embedding.channels, found.taps == taps,
      layout.fields.map(\.name) == other.fields.map(\.name), layout.fields.map(\.role) == other.fields.map(\.role)
    else {
      throw LearningError(
        .invalidData, "the model was fitted to states of \(layout.summary) and cannot run on \(other.summary)")
    }
    return found
  }
}
