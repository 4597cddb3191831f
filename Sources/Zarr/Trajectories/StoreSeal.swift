internal import CKernels
internal import Disk
public import Foundation

/// Gathers the chunks of a finished store into shards: fewer files, the same bytes.
///
/// Nothing is compressed anew: a shard is its chunks one behind the other and an index (`sharding_indexed`). The sealed
/// store is made beside the old one, every chunk of which is decoded on the way, and takes its place by one swap of
/// names; zarr-python, tensorstore and xarray open it as they opened the old one.
public struct StoreSeal: Sendable, CustomStringConvertible {
  public let url: URL
  public let chunks: Int
  public let shards: Int

  /// Decoded bytes of a shard, about.
  private static let shardSize = 64 << 20
  private static let mostChunksPerShard = 4096

  /// - Parameters:
  ///   - target: Another place for the sealed store; the store itself is then left alone. In its own place when nil.
  ///   - progress: Trajectories done, and how many there are; what it throws ends the work and leaves the store as it was.
  /// - Throws: `StoreError` when somebody writes to the store, when it is damaged, or when there is no room.
  public init(sealing url: URL, to target: URL? = nil, progress: (Int, Int) throws -> Void = { _, _ in }) throws {
    self.url = target ?? url
    let lock = try StoreLock(for: url)
    defer { withExtendedLifetime(lock) {} }
    let reader = try TrajectoryStoreReader(url, cacheLimit: 0)
    guard let length = reader.lengthArray, let time = reader.timeArray else {
      throw StoreError(
        .unsupported, url.path, "was not written by this program (no `length` and `time`), so it cannot be sealed")
    }
    let arrays = reader.fields.map { reader.array($0.name) } + [time]
    guard !reader.isSealed else {
      throw StoreError(.exists, url.path, "is sealed already")
    }
    // Readers open chunks by name, and an open reader of another program would take missing chunks for holes.
    if target == nil, let note = StoreLease.held(of: url).first {
      throw StoreError(.locked, url.path, "is being read by \(note.holder); seal it later, or to another place")
    }
    if let target, Files.exists(target.path) {
      throw StoreError(.exists, target.path, "exists already; choose another name or remove it")
    }
    let place = target ?? url
    let new = "\(place.deletingLastPathComponent().path)/.\(place.lastPathComponent).sealing"
    try? FileManager.default.removeItem(atPath: new)
    do {
      let lengths = (0..<reader.trajectories).map { reader.length($0) }
      for name in arrays.map(\.url.lastPathComponent) + ["length"] { try Files.make(folder: "\(new)/\(name)") }
      var works = arrays.map { Work($0, lengths, new) }
      for trajectory in lengths.indices {
        for index in works.indices { try works[index].add(trajectory) }
        try progress(trajectory + 1, lengths.count)
      }
      for index in works.indices { try works[index].finish() }
      try Self.copyLengths(length, lengths.count, from: url.path, to: new)
      try Self.copy(url.path, new, "zarr.json")
      for name in arrays.map(\.url.lastPathComponent) + ["length"] { try Files.synchronise(folder: "\(new)/\(name)") }
      try Files.synchronise(folder: new)
      chunks = works.reduce(0) { $0 + $1.chunks }
      shards = works.reduce(0) { $0 + $1.shards }
      if target == nil { try Self.replace(url, by: new) } else { try Self.move(new, to: place) }
    } catch {
      try? FileManager.default.removeItem(atPath: new)
      throw error
    }
  }

  /// Puts the chunks of a sealed store into files of their own again, so that it can be appended to.
  /// - Throws: `StoreError` when it is not sealed, is in use, or is damaged; it is then as it was.
  public init(undoing url: URL) throws {
    self.url = url
    let lock = try StoreLock(for: url)
    defer { withExtendedLifetime(lock) {} }
    let reader = try TrajectoryStoreReader(url, cacheLimit: 0)
    guard reader.isSealed, let time = reader.timeArray, let length = reader.lengthArray else {
      throw StoreError(.unsupported, url.path, "is not sealed")
    }
    if let note = StoreLease.held(of: url).first {
      throw StoreError(.locked, url.path, "is being read by \(note.holder); try again later")
    }
    let new = "\(url.deletingLastPathComponent().path)/.\(url.lastPathComponent).sealing"
    try? FileManager.default.removeItem(atPath: new)
    var chunks = 0
    do {
      let names = (reader.fields.map { reader.array($0.name) } + [time, length]).map(\.url.lastPathComponent)
      for name in names { try Files.make(folder: "\(new)/\(name)") }
      for array in reader.fields.map({ reader.array($0.name) }) + [time] {
        let name = array.url.lastPathComponent
        var metadata = array.metadata
        metadata.sharding = nil
        let frames = array.chunkShape[1]
        for trajectory in 0..<reader.trajectories {
          for row in 0..<((reader.length(trajectory) + frames - 1) / frames) {
            let index = [trajectory, row] + array.chunkShape.dropFirst(2).map { _ in 0 }
            try Files.replace(
              "\(new)/\(name)/\(metadata.chunkKey(index))", with: array.stored(index), synchronised: false)
            chunks += 1
          }
        }
        try Files.writeJSON(metadata.json, to: "\(new)/\(name)/zarr.json", synchronised: true)
      }
      try Self.copyLengths(length, reader.trajectories, from: url.path, to: new)
      try Self.copy(url.path, new, "zarr.json")
      // All chunks are new files: one synchronisation of the file system is cheaper than one of each.
      do throws(DiskError) { try Place(new).synchroniseFileSystem() } catch { throw StoreError(error) }
      try Self.replace(url, by: new)
    } catch {
      try? FileManager.default.removeItem(atPath: new)
      throw error
    }
    self.chunks = chunks
    shards = 0
  }

  private static func copyLengths(_ length: ZarrArray, _ trajectories: Int, from: String, to: String) throws(StoreError)
  {
    try copy(from, to, "length/zarr.json")
    let size = length.chunkShape[0]
    for block in 0..<((trajectories + size - 1) / size) {
      try copy(from, to, "length/" + length.metadata.chunkKey([block]))
    }
  }

  public var description: String {
    guard shards > 0 || chunks == 0 else { return "\(url.relativePath): \(chunks) chunks in files of their own again" }
    return "\(url.relativePath): \(chunks) chunks in \(shards) shards, bit for bit"
  }

  /// The shards of one array in the making: trajectories come in order, and a shard is written when it is complete.
  private struct Work {
    let array: ZarrArray
    let lengths: [Int]
    let folder: String
    let metadata: ArrayMetadata
    let trajectoriesPerShard: Int
    let chunksPerShard: Int
    var chunks = 0
    var shards = 0
    /// By the shard's number along time, of the trajectories at hand.
    private var open: [Int: (bytes: [UInt8], index: [(offset: Int, count: Int)?])] = [:]

    init(_ array: ZarrArray, _ lengths: [Int], _ store: String) {
      self.array = array
      self.lengths = lengths
      folder = "\(store)/\(array.url.lastPathComponent)"
      let longest = lengths.max() ?? 0
      let rows = max(1, (longest + array.chunkShape[1] - 1) / array.chunkShape[1])
      let most = min(StoreSeal.mostChunksPerShard, max(1, StoreSeal.shardSize / array.metadata.chunkByteCount))
      chunksPerShard = min(rows, most)
      trajectoriesPerShard = rows <= most ? min(max(1, lengths.count), max(1, most / rows)) : 1
      var metadata = array.metadata
      metadata.shape.replaceSubrange(0..<2, with: [lengths.count, longest])
      metadata.separator = "."
      metadata.sharding = Sharding(
        shardShape: [trajectoriesPerShard, chunksPerShard * array.chunkShape[1]] + array.chunkShape.dropFirst(2),
        chunkShape: array.chunkShape)
      self.metadata = metadata
    }

    mutating func add(_ trajectory: Int) throws(StoreError) {
      let frames = array.chunkShape[1]
      for row in 0..<((lengths[trajectory] + frames - 1) / frames) {
        let index = [trajectory, row] + array.chunkShape.dropFirst(2).map { _ in 0 }
        let bytes = try array.stored(index)
        let shard = row / chunksPerShard
        let entry = trajectory % trajectoriesPerShard * chunksPerShard + row % chunksPerShard
        var part =
          open.removeValue(forKey: shard) ?? ([], Array(repeating: nil, count: trajectoriesPerShard * chunksPerShard))
        part.index[entry] = (part.bytes.count, bytes.count)
        part.bytes += bytes
        open[shard] = part
        chunks += 1
      }
      if trajectory % trajectoriesPerShard == trajectoriesPerShard - 1 { try write(trajectory / trajectoriesPerShard) }
    }

    mutating func finish() throws(StoreError) {
      if !open.isEmpty { try write((lengths.count - 1) / trajectoriesPerShard) }
      try Files.writeJSON(metadata.json, to: folder + "/zarr.json", synchronised: true)
    }

    private mutating func write(_ group: Int) throws(StoreError) {
      for (shard, part) in open {
        var index: [UInt8] = []
        for entry in part.index {
          for number in [entry.map { UInt64($0.offset) } ?? .max, entry.map { UInt64($0.count) } ?? .max] {
            withUnsafeBytes(of: number.littleEndian) { index += $0 }
          }
        }
        withUnsafeBytes(of: Checksum.crc32c(index).littleEndian) { index += $0 }
        let key = metadata.chunkKey([group, shard] + array.chunkShape.dropFirst(2).map { _ in 0 })
        try Files.replace("\(folder)/\(key)", with: part.bytes + index, synchronised: true)
        shards += 1
      }
      open = [:]
    }
  }

  private static func copy(_ from: String, _ to: String, _ name: String) throws(StoreError) {
    guard let bytes = try Files.read("\(from)/\(name)", atMost: 16 << 20) else {
      throw StoreError(.corrupt, "\(from)/\(name)", "is missing")
    }
    try Files.replace("\(to)/\(name)", with: bytes, synchronised: true)
  }

  private static func replace(_ url: URL, by new: String) throws(StoreError) {
    var old = new
    if holstream_exchange(new, url.path) != 0 {
      // A file system without swaps: for a moment there is no store under its name.
      old = new + ".old"
      guard rename(url.path, old) == 0, rename(new, url.path) == 0 else {
        throw StoreError(.unwritable, url.path, "cannot be replaced: \(String(cString: strerror(errno)))")
      }
    }
    try Files.synchronise(folder: url.deletingLastPathComponent().path)
    // What is noted beside it is of the store as it was.
    StoreLayoutNote.forget(url)
    try? FileManager.default.removeItem(atPath: old)
  }

  private static func move(_ new: String, to place: URL) throws(StoreError) {
    guard rename(new, place.path) == 0 else {
      throw StoreError(.unwritable, place.path, "cannot be created: \(String(cString: strerror(errno)))")
    }
    try Files.synchronise(folder: place.deletingLastPathComponent().path)
  }
}
