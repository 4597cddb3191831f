internal import Foundation
internal import Systems
internal import Trajectories
internal import Zarr

/// The trajectories of a store, ours or one that others made with any arrays over (trajectory, time, …).
struct StoredTrajectories: TrajectorySource {
  var reader: TrajectoryStoreReader
  let system: any SystemDescription
  /// Between two frames; 1 where the store does not say it.
  let interval: Double
  /// Whether the store, or the one that it was predicted from, does not say it.
  let isIntervalAssumed: Bool
  let hasMids: Bool
  let hasTendencies: Bool

  /// - Parameter domain: What neighbours mean in a store that does not say it; nil for what it says, else a plain vector.
  /// - Throws: `StoreError`, `SystemError` for a store of a system of ours with attributes that describe none.
  init(_ url: URL, domain: Domain? = nil) throws {
    var reader = try TrajectoryStoreReader(url)
    // Trajectories are gone through abreast, which decodes every chunk anew where the cache has no room for one chunk of
    // each of them.
    let abreast =
      Double(reader.trajectories)
      * reader.fields.reduce(0) { $0 + Double($1.bytesPerFrame) * Double(reader.framesPerChunk($1.name)) }
    if abreast > 0x1p24 {
      let memory = Double(ProcessInfo.processInfo.physicalMemory) / 4
      reader = try TrajectoryStoreReader(url, cacheLimit: Int(min(memory, 5 * abreast)))
    }
    try self.init(reader, domain: domain)
  }

  private init(_ reader: TrajectoryStoreReader, domain: Domain?) throws {
    self.reader = reader
    // Frames are counted: their number must be one, with room for sums.
    let frames = (0..<reader.trajectories).reduce(0.0) { max($0, Double(reader.length($1))) }
    guard frames * Double(max(1, reader.trajectories)) <= 1e15 else {
      throw StoreError(
        .unsupported, reader.url.path,
        "says that it has \(reader.trajectories) trajectories of up to \(frames) frames, more than 10¹⁵ in all")
    }
    system = try StoredSystem.system(of: reader, domain: domain)
    let layout = system.layout
    func has(_ prefix: String) -> Bool {
      layout.fields.allSatisfy { reader.field(prefix + $0.name)?.numbersPerFrame == $0.count }
    }
    hasMids = has(StoreFields.midPrefix)
    hasTendencies = has(StoreFields.tendencyPrefix)
    let first = (0..<reader.trajectories).first { reader.length($0) > 1 }
    let stated = reader.attributes["frame_interval"]?.number
    let known =
      try stated.flatMap { $0.isFinite && $0 > 0 ? $0 : nil } ?? first.flatMap { try Self.interval(reader, $0) }
    guard known.map({ (1e-30...1e30).contains($0) }) ?? true else {
      throw StoreError(
        .unsupported, reader.url.path,
        "says that its frames are \(known!) apart in time; choose a unit in which that is a number")
    }
    interval = known ?? 1
    isIntervalAssumed = known == nil || reader.attributes[StoreFields.assumedIntervalKey] == .bool(true)
  }

  /// The same store, with what neighbours mean in it said anew; nil for what it says itself.
  /// - Throws: As above.
  func on(_ domain: Domain?) throws -> StoredTrajectories { try StoredTrajectories(reader, domain: domain) }

  /// The time between two frames, by the times of one trajectory; nil for a store without times.
  /// - Throws: `StoreError` when they do not rise in equal steps, to a hundredth: nothing is interpolated.
  private static func interval(_ reader: TrajectoryStoreReader, _ trajectory: Int) throws -> Double? {
    let count = min(reader.length(trajectory), 100_000)
    guard let times = try reader.times(trajectory, frames: 0..<count) else { return nil }
    let mean = (times[count - 1] - times[0]) / Double(count - 1)
    for k in 1..<count where !(mean > 0 && abs(times[k] - times[k - 1] - mean) <= 0.01 * mean) {
      throw StoreError(
        .unsupported, reader.url.path,
        "frames \(k - 1) and \(k) of trajectory \(trajectory) are at the times \(times[k - 1]) and \(times[k]), \(mean) on "
          + "average from one to the next; a model needs equal intervals. Write a store with frames at equal times")
    }
    return mean
  }

  var trajectories: Int? { reader.trajectories }

  func length(_ trajectory: Int) -> Int? {
    (0..<reader.trajectories).contains(trajectory) ? reader.length(trajectory) : nil
  }

  /// Frames of the longest trajectory.
  var longest: Int { (0..<reader.trajectories).map { reader.length($0) }.max() ?? 0 }

  var order: StreamOrder? {
    longest > 0 ? StreamOrder(abreast: reader.trajectories, framesPerTrajectory: longest) : nil
  }

  /// Has the next chunk decoded when this one is half gone through.
  func readAhead(of trajectory: Int, _ frame: Int) {
    for field in reader.fields {
      let size = reader.framesPerChunk(field.name)
      guard frame % size == size / 2 else { continue }
      let next = (frame / size + 1) * size
      reader.prefetch(field.name, trajectory: trajectory, frames: next..<next + 1)
    }
  }

  func frames(of trajectory: Int, _ range: Range<Int>) throws -> [Frame] {
    let states = try states(prefix: "", trajectory, range)
    let mids = hasMids ? try self.states(prefix: StoreFields.midPrefix, trajectory, range) : nil
    let tendencies = hasTendencies ? try self.states(prefix: StoreFields.tendencyPrefix, trajectory, range) : nil
    let times = try reader.times(trajectory, frames: range)
    return range.enumerated().map { k, index in
      Frame(
        trajectory: trajectory, index: index, time: times?[k] ?? Double(index) * interval, state: states[k],
        // The first frame has no interval before it: a hole.
        mid: mids.flatMap { $0[k].values.contains(where: \.isNaN) ? nil : $0[k] },
        tendency: tendencies.flatMap { $0[k].values.contains(where: \.isNaN) ? nil : $0[k] })
    }
  }

  private func states(prefix: String, _ trajectory: Int, _ range: Range<Int>) throws -> [State<Double>] {
    let layout = system.layout
    let parts = try layout.fields.map { try reader.read(prefix + $0.name, trajectory: trajectory, frames: range) }
    return (0..<range.count).map { k in
      var values: [Double] = []
      values.reserveCapacity(layout.count)
      for (field, part) in zip(layout.fields, parts) { values += part[(k * field.count)..<((k + 1) * field.count)] }
      return State(layout, values)
    }
  }

  /// The states of one frame of every trajectory that is not empty and was not deleted; the last frame of each when nil.
  /// - Throws: `StoreError` when a trajectory has no such frame, or it holds numbers that are not finite.
  func states(frame: Int?) throws -> [(trajectory: Int, time: Double, state: State<Double>)] {
    let there = (reader.retired..<max(reader.retired, reader.trajectories)).filter { reader.length($0) > 0 }
    return try there.map { trajectory in
      let index = frame ?? reader.length(trajectory) - 1
      guard index >= 0, index < reader.length(trajectory) else {
        throw StoreError(
          .outOfRange, reader.url.path,
          "trajectory \(trajectory) has \(reader.length(trajectory)) frames, so there is no frame \(index) of it; all have "
            + "frames 0 to \(there.map { reader.length($0) }.min()! - 1). Give one of those with --frame, or leave it out for "
            + "the last one of each")
      }
      let found = try frames(of: trajectory, index..<(index + 1))[0]
      guard found.state.isFinite else {
        throw StoreError(
          .corrupt, reader.url.path, "frame \(index) of trajectory \(trajectory) holds numbers that are not finite")
      }
      return (trajectory, found.time, found.state)
    }
  }
}
