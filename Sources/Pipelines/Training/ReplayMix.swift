internal import Foundation
internal import Learning
internal import Tensors
internal import Trajectories
internal import Zarr

/// Windows of a store that are mixed into the batches of a live stream.
///
/// Which windows of the store are taken is a function of the seed, uniform over all that the store holds; held-out
/// numbers are left out there as in the stream.
struct ReplayMix {
  struct Settings: Sendable, Equatable {
    var path: String
    /// What neighbours mean in it.
    var domain = DomainWord.stored
    /// Share of each batch, from 0 to 1.
    var share: Double
    /// Windows of the store that are held in memory.
    var capacity: Int
  }

  static let note = "replay"

  let share: Double
  private(set) var reservoir: Reservoir

  /// Where a window of the store begins.
  private struct Place: Hashable {
    var trajectory: Int
    var start: Int
  }

  /// - Parameter state: How often each window was drawn in an earlier run, or nil to start.
  /// - Throws: `StoreError` when the store cannot be read, `RunError` when it does not fit the stream.
  init(
    _ settings: Settings, _ training: OnlineTraining.Settings, layout: StateLayout, state: Reservoir.State?,
    isHeldOut: @Sendable (Int) -> Bool
  ) throws {
    share = settings.share
    let opened = try settings.domain.open(URL(filePath: settings.path))
    // Where neither store nor file says what neighbours are, the stream does.
    let isPlain = settings.domain == .stored && opened.layout.domain == .none
    let source = isPlain && layout.domain != .none ? try opened.on(layout.domain) : opened
    guard source.layout.hasSameNumbers(as: layout, inOrder: true), source.layout.domain == layout.domain else {
      throw RunError(
        .badInput,
        "\(settings.path) holds states of \(source.layout.summary), the stream has \(layout.summary); a batch cannot mix the two"
          + (source.layout.domain == layout.domain ? "" : " (say with `domain:` what neighbours mean in the store)"))
    }
    let labels = try training.labels(of: source.system)
    func window(_ place: Place) throws -> TrainingWindow {
      try source.window(
        of: place.trajectory, at: place.start, steps: training.windowLength, labels: labels)
    }
    if let state {
      reservoir = try Reservoir(restoring: state) { try window(Place(trajectory: $0.trajectory, start: $0.start)) }
      return
    }
    let stride = OnlineTraining.stride(training)
    var places: [Place] = []
    for trajectory in 0..<source.reader.trajectories where !isHeldOut(trajectory) {
      let last = source.reader.length(trajectory) - 1 - training.windowLength
      if last >= 0 {
        places += Swift.stride(from: 0, through: last, by: stride).map { Place(trajectory: trajectory, start: $0) }
      }
    }
    guard !places.isEmpty else {
      throw RunError(
        .badInput,
        "\(settings.path) has no trajectory of \(training.windowLength + 1) frames to replay; give a smaller `window`")
    }
    // The first of a random order, read in the order of the store.
    var random = CounterRandom(seed: training.trainer.seed, purpose: .replay)
    let count = min(settings.capacity, places.count)
    for k in 0..<count { places.swapAt(k, k + Int(random.next() % UInt64(places.count - k))) }
    let chosen = places.prefix(count).sorted { ($0.trajectory, $0.start) < ($1.trajectory, $1.start) }
    // Another seed than the stream's reservoir, or both would draw the same slots.
    reservoir = Reservoir(policy: .fifo, capacity: count, seed: random.next())
    for place in chosen { reservoir.insert(try window(place)) }
  }

  /// Draws a batch of which this mix's share comes from the store.
  mutating func batch(_ count: Int, steps: Int, step: Int, from live: inout Reservoir) throws -> TrainingBatch {
    try live.batch(count, steps: steps, step: step, replay: &reservoir, fraction: share)
  }
}

extension RandomPurpose {
  /// The choice of stored windows to replay.
  static let replay = RandomPurpose(rawValue: 22)
}
