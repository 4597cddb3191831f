internal import Trajectories

/// What a fitted model sees from one place: the numbers of the place and of its neighbours on a ring or a square, or all
/// numbers of a vector.
struct Neighbourhood: Sendable {
  /// The largest vector that is fitted as a whole: its normal equations are a square matrix of that size.
  static let largestVector = 2048

  let embedding: StateEmbedding
  /// Sites, each with the same model; 1 for a vector.
  let sites: Int
  /// Neighbours of a site, itself included.
  let taps: Int
  /// (sites, taps).
  let neighbours: [Int]
  /// Channels that are predicted.
  let targets: [Int]

  var channels: Int { embedding.channels }
  /// Numbers that a site sees.
  var count: Int { channels * taps }

  /// - Throws: `LearningError` of code `invalidData` for a vector that is too large to be fitted as a whole.
  init(_ layout: StateLayout) throws {
    embedding = .grid(layout) ?? .vector(layout)
    targets = embedding.isPrognostic.indices.filter { [embedding] in embedding.isPrognostic[$0] }
    sites = embedding.planeCount
    switch embedding.extent.count {
    case 1:
      let (sites, radius) = (embedding.extent[0], min(2, (embedding.extent[0] - 1) / 2))
      taps = 2 * radius + 1
      neighbours = (0..<sites).flatMap { site in (-radius...radius).map { (site + $0 + sites) % sites } }
    case 2:
      let (rows, columns) = (embedding.extent[0], embedding.extent[1])
      let (down, right) = (min(1, (rows - 1) / 2), min(1, (columns - 1) / 2))
      taps = (2 * down + 1) * (2 * right + 1)
      neighbours = (0..<(rows * columns)).flatMap { site in
        (-down...down).flatMap { i in
          (-right...right).map { j in
            (site / columns + i + rows) % rows * columns + (site % columns + j + columns) % columns
          }
        }
      }
    default:
      guard layout.count <= Self.largestVector else {
        throw LearningError(
          .invalidData,
          "a state of \(layout.count) numbers without neighbours is fitted as a whole only up to "
            + "\(Self.largestVector) numbers; give the layout a ring or a square, or leave this baseline out")
      }
      taps = 1
      neighbours = [0]
    }
  }

  /// Writes what a site sees of planes, channel by channel.
  func gather(_ planes: [Float], channels: Int, site: Int, into features: UnsafeMutablePointer<Float>) {
    for channel in 0..<channels {
      for tap in 0..<taps {
        features[channel * taps + tap] = planes[channel * sites + neighbours[site * taps + tap]]
      }
    }
  }

  /// Whether a model that was fitted to the other states may run on these: the same channels and neighbours.
  func fits(_ other: Neighbourhood) -> Bool {
    embedding.kind == other.embedding.kind && channels == other.channels && taps == other.taps
      && targets == other.targets && embedding.layout.fields.map(\.name) == other.embedding.layout.fields.map(\.name)
  }
}
