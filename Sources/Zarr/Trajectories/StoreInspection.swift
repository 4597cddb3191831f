public import Foundation

/// What a store holds, and whether it is whole.
public struct StoreInspection: Sendable, CustomStringConvertible {
  public struct Damage: Sendable, Equatable {
    public var trajectory: Int
    /// The first frame that cannot be read.
    public var frame: Int
    public var reason: String
  }

  public let reader: TrajectoryStoreReader
  /// Bytes of all files.
  public let bytesOnDisk: Int
  /// What could not be read, when it was asked to verify; nil when not.
  public let damage: [Damage]?
  /// Temporary files that a killed writer left.
  public let leftovers: [URL]

  /// - Parameters:
  ///   - verify: Decode every chunk against its checksum.
  ///   - progress: Trajectories done, and how many there are.
  /// - Throws: `StoreError` when it is no store at all.
  public init(_ url: URL, verify: Bool, progress: (Int, Int) throws -> Void = { _, _ in }) throws {
    let reader = try TrajectoryStoreReader(url)
    self.reader = reader
    var bytes = 0
    var leftovers: [URL] = []
    if let files = FileManager.default.enumerator(
      at: url, includingPropertiesForKeys: [.fileSizeKey, .isRegularFileKey])
    {
      for case let file as URL in files {
        let values = try? file.resourceValues(forKeys: [.fileSizeKey, .isRegularFileKey])
        bytes += values?.isRegularFile == true ? values?.fileSize ?? 0 : 0
        if Files.isTemporary(file.lastPathComponent) { leftovers.append(file) }
      }
    }
    bytesOnDisk = bytes
    self.leftovers = leftovers
    guard verify else {
      damage = nil
      return
    }
    var damage: [Damage] = []
    for trajectory in 0..<reader.trajectories {
      if let found = Self.firstDamage(of: trajectory, reader) { damage.append(found) }
      try progress(trajectory + 1, reader.trajectories)
    }
    self.damage = damage
  }

  private static func firstDamage(of trajectory: Int, _ reader: TrajectoryStoreReader) -> Damage? {
    var first: Damage?
    for field in reader.fields {
      let step = reader.array(field.name).chunkShape[1]
      for start in stride(from: 0, to: min(reader.length(trajectory), first?.frame ?? .max), by: step) {
        do {
          _ = try reader.readBytes(
            field.name, trajectory: trajectory, frames: start..<min(start + step, reader.length(trajectory)))
        } catch {
          first = Damage(trajectory: trajectory, frame: start, reason: error.description)
          break
        }
      }
    }
    return first
  }

  public var description: String {
    let lengths = (0..<reader.trajectories).map { reader.length($0) }
    let frames = lengths.reduce(0, +)
    let raw = frames * reader.fields.reduce(0) { $0 + $1.bytesPerFrame }
    var lines = ["\(reader.url.path): Zarr v3, \(reader.trajectories) trajectories, \(frames) frames"]
    if let shortest = lengths.min(), let longest = lengths.max() {
      lines.append("  frames a trajectory: \(shortest == longest ? "\(longest)" : "\(shortest) to \(longest)")")
    }
    let ratio = bytesOnDisk > 0 ? Double(raw) / Double(bytesOnDisk) : 0
    lines.append(
      String(
        format: "  on disk: %.1f MB (%.1f MB before compression, ratio %.2f)", Double(bytesOnDisk) / 1e6,
        Double(raw) / 1e6, ratio))
    for field in reader.fields {
      let array = reader.array(field.name)
      lines.append("  \(field.name): \(field.dataType.rawValue) \(array.shape), chunks \(array.chunkShape)")
    }
    for (key, value) in reader.attributes.sorted(by: { $0.key < $1.key }) {
      let text = (try? String(decoding: JSONEncoder().encode(value), as: UTF8.self)) ?? ""
      lines.append("  \(key): \(text.count > 100 ? text.prefix(97) + "…" : text)")
    }
    if !leftovers.isEmpty {
      lines.append("  \(leftovers.count) temporary files of a writer that was killed; `--repair` removes them")
    }
    if let damage {
      lines.append(damage.isEmpty ? "  verified: every chunk is whole" : "  DAMAGED in \(damage.count) trajectories:")
      lines += damage.prefix(20).map { "    trajectory \($0.trajectory) from frame \($0.frame): \($0.reason)" }
    }
    return lines.joined(separator: "\n")
  }
}
