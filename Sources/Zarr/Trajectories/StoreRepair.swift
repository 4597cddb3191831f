public import Foundation

/// What would make a damaged store whole: each trajectory cut before its first unreadable chunk, leftovers removed.
///
/// Making the plan changes nothing.
public struct StoreRepair: Sendable, CustomStringConvertible {
  public let url: URL
  /// New lengths of the trajectories that lose frames.
  public let cuts: [(trajectory: Int, from: Int, to: Int)]
  public let leftovers: [URL]

  /// - Throws: `StoreError` when there is nothing that can be read at all.
  public init(planning inspection: StoreInspection) {
    url = inspection.reader.url
    cuts = (inspection.damage ?? []).map { ($0.trajectory, inspection.reader.length($0.trajectory), $0.frame) }
    leftovers = inspection.leftovers
  }

  /// An attribute of `length` that counts repairs: what was decoded before one may have changed.
  static let countKey = "repairs"

  public var isNeeded: Bool { !cuts.isEmpty || !leftovers.isEmpty }

  /// Carries the plan out. The cut frames' files stay where they are, beyond what `length` promises.
  /// - Throws: `StoreError` when another program writes to the store or it cannot be written.
  public func apply() throws(StoreError) {
    let lock = try StoreLock(for: url)
    defer { withExtendedLifetime(lock) {} }
    let reader = try TrajectoryStoreReader(url)
    guard cuts.isEmpty || reader.lengthArray != nil else {
      throw StoreError(
        .unsupported, url.path, "was not written by this program; damaged frames of it cannot be cut off")
    }
    if let array = reader.lengthArray {
      let size = array.chunkShape[0]
      for block in Set(cuts.map { $0.trajectory / size }) {
        var lengths = (block * size..<(block + 1) * size).map {
          $0 < reader.trajectories ? Double(reader.length($0)) : 0
        }
        for cut in cuts where cut.trajectory / size == block { lengths[cut.trajectory % size] = Double(cut.to) }
        let bytes = ZarrDataType.int64.bytes(lengths)
        try Files.replace(
          array.url.path + "/" + array.metadata.chunkKey([block]), with: array.metadata.codecs.encode(bytes),
          synchronised: true)
      }
    }
    for file in leftovers { try? FileManager.default.removeItem(at: file) }
  }

  public var description: String {
    guard isNeeded else { return "Nothing to repair." }
    return
      (cuts.map { "trajectory \($0.trajectory): keep \($0.to) of \($0.from) frames" }
      + (leftovers.isEmpty ? [] : ["remove \(leftovers.count) temporary files"])).joined(separator: "\n")
  }
}
