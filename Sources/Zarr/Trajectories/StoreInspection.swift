public import Foundation
internal import Synchronization

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
  /// Why the array `length` cannot be read, when it cannot: everything then counts as not stored until it is repaired.
  public let lostLengths: String?
  /// Temporary files that a killed writer left.
  public let leftovers: [URL]

  /// - Parameters:
  ///   - verify: Decode every chunk against its checksum.
  ///   - progress: Chunks done, and how many there are.
  /// - Throws: `StoreError` when it is no store at all.
  public init(_ url: URL, verify: Bool, progress: (Int, Int) throws -> Void = { _, _ in }) throws {
    let (reader, lost) = try TrajectoryStoreReader.salvaging(url)
    lostLengths = lost
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
    damage = try Self.damage(reader, progress)
  }

  /// A chunk to be decoded.
  private struct Piece {
    var trajectory: Int
    var field: String
    var frames: Range<Int>
  }

  /// The first damage of every trajectory; chunks are decoded by all cores.
  private static func damage(_ reader: TrajectoryStoreReader, _ progress: (Int, Int) throws -> Void) throws -> [Damage]
  {
    let pieces = (0..<reader.trajectories).flatMap { trajectory in
      reader.fields.flatMap { field in
        let step = reader.array(field.name).chunkShape[1]
        return stride(from: 0, to: reader.length(trajectory), by: step).map {
          Piece(trajectory: trajectory, field: field.name, frames: $0..<min($0 + step, reader.length(trajectory)))
        }
      }
    }
    let found = Mutex<[Int: Damage]>([:])
    let batch = 64
    for start in stride(from: 0, to: pieces.count, by: batch) {
      DispatchQueue.concurrentPerform(iterations: min(batch, pieces.count - start)) { number in
        let piece = pieces[start + number]
        do throws(StoreError) {
          _ = try reader.readBytes(piece.field, trajectory: piece.trajectory, frames: piece.frames)
        } catch {
          found.withLock { found in
            if let known = found[piece.trajectory], known.frame <= piece.frames.lowerBound { return }
            found[piece.trajectory] = Damage(
              trajectory: piece.trajectory, frame: piece.frames.lowerBound, reason: error.description)
          }
        }
      }
      try progress(min(start + batch, pieces.count), pieces.count)
    }
    return found.withLock { $0.values.sorted { $0.trajectory < $1.trajectory } }
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
    if let lostLengths { lines.append("  DAMAGED: \(lostLengths); `--repair` finds the lengths again") }
    if reader.isSealed { lines.append("  sealed: chunks share files") }
    if reader.retired > 0 {
      lines.append("  the first \(reader.retired) trajectories were deleted to keep within bounds")
    }
    for field in reader.fields {
      let array = reader.array(field.name)
      lines.append("  \(field.name): \(field.dataType.rawValue) \(array.shape), chunks \(array.chunkShape)")
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for (key, value) in reader.attributes.sorted(by: { $0.key < $1.key }) {
      let text = (try? String(decoding: encoder.encode(value), as: UTF8.self)) ?? ""
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
