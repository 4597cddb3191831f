public import Foundation

/// What a loss of power took from a store, found and mended before somebody goes on writing it.
///
/// Only what was not known to be on the disk is looked at, some seconds' worth; so it costs next to nothing, and nothing at
/// all after a clean end.
public struct StoreRecovery: Sendable, CustomStringConvertible {
  public let url: URL
  /// Metadata that was empty or gone.
  public let rebuilt: [String]
  /// Trajectories that lost frames.
  public let cuts: [(trajectory: Int, from: Int, to: Int)]
  /// Why the lengths were lost, when they were: they were then found again from the chunks.
  public let lostLengths: String?

  public var framesLost: Int { cuts.reduce(0) { $0 + $1.from - $1.to } }

  /// Looks at a store and mends it.
  /// - Parameter layout: Of the store, where nothing beside it says so; asked for only when metadata is lost.
  /// - Returns: Nil when nothing is wrong, or there is no store.
  /// - Throws: `StoreError` when somebody writes to it, or it cannot be mended.
  public init?(
    _ url: URL, layout: () throws(StoreError) -> TrajectoryStoreLayout? = { () throws(StoreError) in nil }
  ) throws(StoreError) {
    self.url = url
    guard Files.exists(url.path) else { return nil }
    let lock = try StoreLock(for: url)
    defer { withExtendedLifetime(lock) {} }
    let metadata = try StoreMetadataRepair(planning: url, layout: layout)
    try metadata?.applyHoldingLock()
    rebuilt = metadata?.lost ?? []
    let (reader, lost) = try TrajectoryStoreReader.salvaging(url)
    lostLengths = lost
    if lost != nil {
      let inspection: StoreInspection
      do { inspection = try StoreInspection(url, verify: true) } catch let error as StoreError { throw error } catch {
        throw StoreError(.corrupt, url.path, "\(error)")
      }
      cuts = []
      try StoreRepair(planning: inspection).applyHoldingLock()
      return
    }
    cuts = Self.damage(reader, beyond: StoreLayoutNote.synchronised(of: url))
    if !cuts.isEmpty { try StoreRepair(url, cuts: cuts).applyHoldingLock() }
    if cuts.isEmpty && rebuilt.isEmpty { return nil }
  }

  /// The first chunk of each trajectory that does not decode, of those that are not known to be on the disk.
  private static func damage(_ reader: TrajectoryStoreReader, beyond known: [Int]?)
    -> [(trajectory: Int, from: Int, to: Int)]
  {
    guard let known, reader.lengthArray != nil, let time = reader.timeArray, !reader.isSealed else { return [] }
    let arrays = reader.fields.map { reader.array($0.name) } + [time]
    let size = time.chunkShape[1]
    return (0..<reader.trajectories).compactMap { trajectory in
      let length = reader.length(trajectory)
      let safe = known.indices.contains(trajectory) ? min(known[trajectory], length) : 0
      guard length > safe else { return nil }
      for row in (safe / size)..<((length - 1) / size + 1) {
        let isWhole = arrays.allSatisfy { array in
          (try? array.stored([trajectory, row] + array.chunkShape.dropFirst(2).map { _ in 0 })) != nil
        }
        // Of a chunk that was still growing an earlier state may be there: as whole, with fewer frames.
        let last = min(size, length - row * size)
        let times = isWhole ? (try? time.chunk([trajectory, row])) : nil
        let there = times.map { times in
          times.withUnsafeBytes { time.dataType.doubles($0) }.prefix(last).prefix { !$0.isNaN }.count
        }
        if there != last { return (trajectory, length, row * size + (there ?? 0)) }
      }
      return nil
    }
  }

  public var description: String {
    var sentences: [String] = []
    if !rebuilt.isEmpty { sentences.append("\(rebuilt.joined(separator: ", ")) had been lost and was made again") }
    if lostLengths != nil { sentences.append("the lengths had been lost and were found again from the chunks") }
    if !cuts.isEmpty {
      let kept = cuts.count == 1 ? ", of which \(cuts[0].to) are left," : ""
      sentences.append(
        "\(framesLost) frames of \(cuts.count == 1 ? "trajectory \(cuts[0].trajectory)" : "\(cuts.count) trajectories")"
          + "\(kept) had not reached the disk and were taken off the lengths")
    }
    return "\(url.lastPathComponent): after a loss of power " + sentences.joined(separator: "; ") + "."
  }
}
