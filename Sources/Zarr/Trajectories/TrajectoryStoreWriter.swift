public import Foundation

/// Writes trajectories into a store that others read at the same time.
///
/// Frames of each trajectory come in order; trajectories may interleave. A frame counts as stored when its chunk has been
/// renamed into place and the array `length` says so; whatever the instant at which the program is killed, readers find a
/// valid prefix. Order of a commit: chunk files, then the arrays' shapes, then `length`. For one thread at a time.
public final class TrajectoryStoreWriter {
  public let url: URL
  public let layout: TrajectoryStoreLayout
  /// Bytes of chunk files written so far.
  public private(set) var bytesWritten = 0
  private var lock: StoreLock?
  private var shown = (trajectories: 0, frames: 0)
  private var stored: [Int] = []
  /// The frames of each trajectory's chunk in progress, by trajectory.
  private var pending: [Int: Pending] = [:]

  private struct Pending {
    var firstFrame: Int
    var frames = 0
    var times: [Double] = []
    /// By field, as on disk.
    var bytes: [[UInt8]]
    var isDirty = false
  }

  /// Trajectories whose lengths share one chunk of `length`.
  private static let lengthsPerChunk = 1024

  /// - Throws: `StoreError.exists` when there is something already, `.unwritable`, `.locked`.
  public init(creating url: URL, layout: TrajectoryStoreLayout) throws(StoreError) {
    precondition(!layout.fields.isEmpty && layout.framesPerChunk > 0, "a store needs fields and frames in a chunk")
    self.url = url
    self.layout = layout
    guard !FileManager.default.fileExists(atPath: url.path) else {
      throw StoreError(.exists, url.path, "exists already; choose another name or remove it")
    }
    do { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) } catch {
      throw StoreError(.unwritable, url.path, "cannot be created: \(error.localizedDescription)")
    }
    lock = try StoreLock(for: url)
    try publish(trajectories: 0, frames: 0)
    try Files.writeJSON(
      .object(["zarr_format": .number(3), "node_type": .string("group"), "attributes": .object(layout.attributes)]),
      to: url.appending(path: "zarr.json"), synchronised: layout.synchronised)
  }

  /// Goes on writing a store; chunks that were committed only in part are completed.
  /// - Throws: `StoreError` when it is not a store of this library's layout, or another program writes to it.
  public init(resuming url: URL, synchronised: Bool = false) throws(StoreError) {
    self.url = url
    lock = try StoreLock(for: url)
    let reader = try TrajectoryStoreReader(url)
    guard let length = reader.lengthArray, let first = reader.fields.first, let time = reader.timeArray else {
      throw StoreError(
        .unsupported, url.path, "was not written by this program (no `length` and `time`), so it cannot be appended to")
    }
    var level = 1
    if case .zstd(let stored, _)? = reader.array(first.name).metadata.codecs.codecs.first { level = stored }
    layout = TrajectoryStoreLayout(
      fields: reader.fields, framesPerChunk: time.chunkShape[1], compressionLevel: level, synchronised: synchronised,
      attributes: reader.attributes)
    shown = (length.shape[0], time.shape[1])
    stored = (0..<reader.trajectories).map { reader.length($0) }
    for (trajectory, length) in stored.enumerated() where length % layout.framesPerChunk != 0 {
      var pending = emptyPending(at: length)
      let frames = pending.firstFrame..<length
      pending.frames = frames.count
      pending.times = try reader.times(trajectory, frames: frames) ?? []
      for (index, field) in layout.fields.enumerated() {
        pending.bytes[index] = try reader.readBytes(field.name, trajectory: trajectory, frames: frames)
      }
      self.pending[trajectory] = pending
    }
  }

  public var trajectories: Int { stored.count }

  /// Frames of a trajectory that would survive a kill now.
  public func storedLength(_ trajectory: Int) -> Int { stored.indices.contains(trajectory) ? stored[trajectory] : 0 }

  /// Frames of a trajectory that were appended.
  public func appendedLength(_ trajectory: Int) -> Int {
    pending[trajectory].map { $0.firstFrame + $0.frames } ?? storedLength(trajectory)
  }

  /// Appends the next frame of a trajectory.
  /// - Parameters:
  ///   - time: The frame's time.
  ///   - values: By field, in C order; complex numbers as interleaved parts.
  /// - Throws: `StoreError` when a full chunk cannot be written. The frame is then still pending: `flush` tries again.
  public func append(trajectory: Int, time: Double, _ values: [String: [Double]]) throws(StoreError) {
    precondition(trajectory >= 0, "trajectories are numbered from 0")
    precondition(lock != nil, "the store was closed")
    var chunk = pending[trajectory] ?? emptyPending(at: storedLength(trajectory))
    for (index, field) in layout.fields.enumerated() {
      guard let numbers = values[field.name], numbers.count == field.numbersPerFrame else {
        preconditionFailure(
          "field \(field.name): expected \(field.numbersPerFrame) numbers, got \(values[field.name]?.count ?? 0)")
      }
      field.dataType.append(numbers, to: &chunk.bytes[index])
    }
    chunk.times.append(time)
    chunk.frames += 1
    chunk.isDirty = true
    pending[trajectory] = chunk
    if chunk.frames >= layout.framesPerChunk { try commit([trajectory]) }
  }

  /// Stores everything that was appended; chunks in progress are written padded and written anew when they are full.
  public func flush() throws(StoreError) {
    try commit(pending.filter { $0.value.isDirty }.keys.sorted())
  }

  /// `flush`, after which the store is free for another writer and nothing more may be appended here.
  public func close() throws(StoreError) {
    try flush()
    lock = nil
  }

  private func emptyPending(at length: Int) -> Pending {
    Pending(firstFrame: length / layout.framesPerChunk * layout.framesPerChunk, bytes: layout.fields.map { _ in [] })
  }

  private func commit(_ trajectories: [Int]) throws(StoreError) {
    guard !trajectories.isEmpty else { return }
    for trajectory in trajectories {
      let chunk = pending[trajectory]!
      let row = chunk.firstFrame / layout.framesPerChunk
      for (index, field) in layout.fields.enumerated() {
        try write(chunk.bytes[index], of: field, at: [trajectory, row])
      }
      var times: [UInt8] = []
      ZarrDataType.float64.append(chunk.times, to: &times)
      try write(times, of: Self.time, at: [trajectory, row])
    }
    var lengths = stored
    for trajectory in trajectories {
      let chunk = pending[trajectory]!
      if trajectory >= lengths.count { lengths += Array(repeating: 0, count: trajectory + 1 - lengths.count) }
      lengths[trajectory] = chunk.firstFrame + chunk.frames
    }
    if lengths.count > shown.trajectories || (lengths.max() ?? 0) > shown.frames {
      try publish(trajectories: lengths.count, frames: max(shown.frames, lengths.max() ?? 0))
    }
    for block in Set(trajectories.map { $0 / Self.lengthsPerChunk }).sorted() {
      var numbers = lengths[(block * Self.lengthsPerChunk)..<min(lengths.count, (block + 1) * Self.lengthsPerChunk)]
        .map(Double.init)
      numbers += Array(repeating: 0, count: Self.lengthsPerChunk - numbers.count)
      var bytes: [UInt8] = []
      ZarrDataType.int64.append(numbers, to: &bytes)
      try Files.replace(
        url.appending(path: "length/c/\(block)"), with: Self.lengthCodecs.encode(bytes),
        synchronised: layout.synchronised)
    }
    stored = lengths
    for trajectory in trajectories {
      if pending[trajectory]!.frames >= layout.framesPerChunk {
        pending[trajectory] = nil
      } else {
        pending[trajectory]!.isDirty = false
      }
    }
  }

  private func write(_ bytes: [UInt8], of field: TrajectoryField, at index: [Int]) throws(StoreError) {
    var padded = bytes
    let whole = layout.framesPerChunk * field.bytesPerFrame
    if padded.count < whole {
      let hole = field.dataType.hole
      padded.reserveCapacity(whole)
      while padded.count < whole { padded += hole }
    }
    let metadata = metadata(of: field, trajectories: 0, frames: 0)
    let encoded = metadata.codecs.encode(padded)
    let key = metadata.chunkKey(index + field.shape.map { _ in 0 })
    try Files.replace(url.appending(path: "\(field.name)/\(key)"), with: encoded, synchronised: layout.synchronised)
    bytesWritten += encoded.count
  }

  /// Writes the arrays' shapes: `length` last, so that a reader who sees a trajectory there finds it everywhere.
  private func publish(trajectories: Int, frames: Int) throws(StoreError) {
    for field in layout.fields + [Self.time] {
      try Files.writeJSON(
        metadata(of: field, trajectories: trajectories, frames: frames).json,
        to: url.appending(path: "\(field.name)/zarr.json"), synchronised: layout.synchronised)
    }
    var length = ArrayMetadata(
      shape: [trajectories], dataType: .int64, chunkShape: [Self.lengthsPerChunk], codecs: Self.lengthCodecs,
      dimensionNames: ["trajectory"])
    length.attributes["description"] = .string(
      "frames of each trajectory that are stored; the last thing written of a commit")
    try Files.writeJSON(length.json, to: url.appending(path: "length/zarr.json"), synchronised: layout.synchronised)
    shown = (trajectories, frames)
  }

  private func metadata(of field: TrajectoryField, trajectories: Int, frames: Int) -> ArrayMetadata {
    ArrayMetadata(
      shape: [trajectories, frames] + field.shape, dataType: field.dataType,
      chunkShape: [1, layout.framesPerChunk] + field.shape,
      codecs: CodecChain([.zstd(level: layout.compressionLevel, checksum: true)], dataType: field.dataType),
      dimensionNames: ["trajectory", "time"] + field.dimensionNames)
  }

  static let time = TrajectoryField(name: "time", shape: [], dataType: .float64, dimensionNames: [])
  private static let lengthCodecs = CodecChain([.zstd(level: 1, checksum: true)], dataType: .int64)
}
