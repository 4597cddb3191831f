public import Foundation

/// What would make a damaged store whole: each trajectory cut before its first unreadable chunk, or grown by whole chunks
/// that were written and never reported, and leftovers removed.
///
/// Making the plan changes nothing.
public struct StoreRepair: Sendable, CustomStringConvertible {
  public let url: URL
  /// New lengths of the trajectories that lose frames.
  public let cuts: [(trajectory: Int, from: Int, to: Int)]
  /// New lengths of the trajectories whose chunks are ahead of what was reported.
  public let gains: [(trajectory: Int, from: Int, to: Int)]
  public let leftovers: [URL]
  /// Whether the array `length` cannot be read: it is then made again, also where no frame is left.
  public let losesLengths: Bool

  /// An attribute of `length` that counts repairs: what was decoded before one may have changed.
  static let countKey = "repairs"

  public init(planning inspection: StoreInspection) {
    let reader = inspection.reader
    url = reader.url
    cuts = (inspection.damage ?? []).map { ($0.trajectory, reader.length($0.trajectory), $0.frame) }
    let damaged = Set(cuts.map(\.trajectory))
    gains = (reader.retired..<max(reader.retired, reader.trajectories)).compactMap { trajectory in
      guard !damaged.contains(trajectory) else { return nil }
      let whole = Self.wholeFrames(of: trajectory, reader)
      return whole > reader.length(trajectory) ? (trajectory, reader.length(trajectory), whole) : nil
    }
    leftovers = inspection.leftovers
    losesLengths = inspection.lostLengths != nil
  }

  init(_ url: URL, cuts: [(trajectory: Int, from: Int, to: Int)]) {
    self.url = url
    self.cuts = cuts
    gains = []
    leftovers = []
    losesLengths = false
  }

  public var isNeeded: Bool { !cuts.isEmpty || !gains.isEmpty || !leftovers.isEmpty || losesLengths }

  /// Frames that are there, also beyond what `length` says. Of a chunk that was still growing `time` tells how many
  /// frames it has, because it was always written last.
  private static func wholeFrames(of trajectory: Int, _ reader: TrajectoryStoreReader) -> Int {
    guard let time = reader.timeArray, reader.lengthArray != nil, !reader.isSealed else { return 0 }
    let size = time.chunkShape[1]
    var frames = reader.length(trajectory) / size * size
    while true {
      let row = frames / size
      let isWhole = reader.fields.allSatisfy { field in
        let array = reader.array(field.name)
        return array.chunkShape[1] == size
          && (try? array.stored([trajectory, row] + array.chunkShape.dropFirst(2).map { _ in 0 })) != nil
      }
      guard isWhole, let times = try? time.chunk([trajectory, row]) else { return frames }
      let known = times.withUnsafeBytes { time.dataType.doubles($0) }.prefix { !$0.isNaN }.count
      frames += known
      if known < size { return frames }
    }
  }

  /// Carries the plan out. The cut frames' files stay where they are, beyond what `length` promises.
  /// - Throws: `StoreError` when another program writes to the store or it cannot be written.
  public func apply() throws(StoreError) {
    let lock = try StoreLock(for: url)
    defer { withExtendedLifetime(lock) {} }
    try applyHoldingLock()
  }

  /// The same for who holds the lock already.
  func applyHoldingLock() throws(StoreError) {
    let changes = cuts + gains
    if !changes.isEmpty || losesLengths {
      let reader = try TrajectoryStoreReader.salvaging(url).reader
      guard let length = reader.lengthArray else {
        throw StoreError(
          .unsupported, url.path, "was not written by this program; damaged frames of it cannot be cut off")
      }
      var lengths = (0..<reader.trajectories).map { reader.length($0) }
      for change in changes where lengths.indices.contains(change.trajectory) { lengths[change.trajectory] = change.to }
      // The order of a commit: shapes, then lengths.
      let longest = lengths.max() ?? 0
      for array in reader.fields.map({ reader.array($0.name) }) + (reader.timeArray.map { [$0] } ?? [])
      where array.shape[1] < longest {
        var metadata = array.metadata
        metadata.shape[1] = longest
        try Files.writeJSON(metadata.json, to: array.url.path + "/zarr.json", synchronised: true)
      }
      var metadata = length.metadata
      metadata.attributes[Self.countKey] = .number((metadata.attributes[Self.countKey]?.number ?? 0) + 1)
      try Files.writeJSON(metadata.json, to: length.url.path + "/zarr.json", synchronised: true)
      let size = length.chunkShape[0]
      let blocks = losesLengths ? Array(0..<((lengths.count + size - 1) / size)) : changes.map { $0.trajectory / size }
      for block in Set(blocks) {
        let numbers = (block * size..<(block + 1) * size).map { $0 < lengths.count ? Double(lengths[$0]) : 0 }
        try Files.replace(
          length.url.path + "/" + metadata.chunkKey([block]),
          with: metadata.codecs.encode(ZarrDataType.int64.bytes(numbers)),
          synchronised: true)
      }
    }
    for file in leftovers { try? FileManager.default.removeItem(at: file) }
  }

  public var description: String {
    guard isNeeded else { return "Nothing to repair." }
    return
      ((losesLengths ? ["make the lengths again, which cannot be read"] : [])
      + cuts.map { "trajectory \($0.trajectory): keep \($0.to) of \($0.from) frames" }
      + gains.map { "trajectory \($0.trajectory): take in \($0.to - $0.from) whole frames beyond its \($0.from)" }
      + (leftovers.isEmpty ? [] : ["remove \(leftovers.count) temporary files"])).joined(separator: "\n")
  }
}
