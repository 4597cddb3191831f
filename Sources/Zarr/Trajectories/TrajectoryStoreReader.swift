public import Foundation

/// Reads trajectories: a store of this library, while it is written, or any Zarr v3 group with arrays over (trajectory,
/// time, …).
///
/// A reader shows the store as it was when it was opened; `refreshed()` sees what has come since. Safe to share between
/// threads.
public final class TrajectoryStoreReader: Sendable {
  public let url: URL
  public let attributes: [String: JSONValue]
  /// The fields, in order of name, without `time` and `length`.
  public let fields: [TrajectoryField]
  private let arrays: [String: ZarrArray]
  let lengthArray: ZarrArray?
  let timeArray: ZarrArray?
  private let lengths: [Int]
  private let cache: ChunkCache

  /// - Throws: `StoreError` when there is no store, or one that cannot be read.
  public convenience init(_ url: URL) throws(StoreError) { try self.init(url, cache: ChunkCache()) }

  private init(_ url: URL, cache: ChunkCache) throws(StoreError) {
    self.url = url
    self.cache = cache
    guard let root = try Files.json(url.appending(path: "zarr.json")) else {
      let exists = FileManager.default.fileExists(atPath: url.path)
      throw exists
        ? StoreError(.notAStore, url.path, "is no Zarr v3 store (no zarr.json in it)")
        : StoreError(.notFound, url.path, "does not exist")
    }
    guard root["node_type"]?.string == "group", root["zarr_format"]?.integer == 3 else {
      throw StoreError(.notAStore, url.path, "is not a Zarr v3 group; give the folder that holds rho, Q and P")
    }
    attributes = root["attributes"]?.object ?? [:]
    // `length` is read first and everything else after it: what it promises is there.
    var lengthArray: ZarrArray?
    var promised: [Int]?
    if FileManager.default.fileExists(atPath: url.appending(path: "length/zarr.json").path) {
      let array = try ZarrArray(url.appending(path: "length"), cache: ChunkCache(limit: 0), strict: false)
      guard array.shape.count == 1, array.dataType == .int64, array.shape[0] <= 100_000_000 else {
        throw StoreError(.corrupt, array.url.path, "is not a list of lengths")
      }
      promised = try array.read([0..<array.shape[0]]).map { Int($0) }
      lengthArray = array
    }
    var arrays: [String: ZarrArray] = [:]
    var fields: [TrajectoryField] = []
    var timeArray: ZarrArray?
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
    for name in names
    where name != "length" && FileManager.default.fileExists(atPath: url.appending(path: "\(name)/zarr.json").path) {
      let array = try ZarrArray(url.appending(path: name), cache: cache, strict: promised != nil)
      if name == "time" {
        if array.shape.count == 2 { timeArray = array }
        continue
      }
      guard array.shape.count >= 2 else { continue }
      arrays[name] = array
      fields.append(
        TrajectoryField(
          name: name, shape: Array(array.shape.dropFirst(2)), dataType: array.dataType,
          dimensionNames: array.dimensionNames.map { Array($0.dropFirst(2)) } ?? []))
    }
    guard !fields.isEmpty else { throw StoreError(.notAStore, url.path, "holds no arrays over (trajectory, time, …)") }
    let trajectories = arrays.values.map { $0.shape[0] }.min() ?? 0
    let frames = arrays.values.map { $0.shape[1] }.min() ?? 0
    guard trajectories <= 100_000_000 else {
      throw StoreError(.corrupt, url.path, "claims \(trajectories) trajectories")
    }
    if let promised {
      for (trajectory, length) in promised.enumerated()
      where trajectory >= trajectories || length < 0 || length > frames {
        throw StoreError(
          .corrupt, url.path,
          "promises \(length) frames of trajectory \(trajectory), but its arrays have \(trajectories) × \(frames)")
      }
    }
    lengths = promised ?? Array(repeating: frames, count: trajectories)
    self.lengthArray = lengthArray
    self.arrays = arrays
    self.fields = fields
    self.timeArray = timeArray
  }

  public var trajectories: Int { lengths.count }

  /// Frames of a trajectory.
  public func length(_ trajectory: Int) -> Int { lengths[trajectory] }

  public func field(_ name: String) -> TrajectoryField? { fields.first { $0.name == name } }

  /// The same store as it is now.
  public func refreshed() throws(StoreError) -> TrajectoryStoreReader { try TrajectoryStoreReader(url) }

  /// Frames of one field, (frames, …) in C order; complex numbers as interleaved parts.
  /// - Throws: `StoreError` for frames that are not stored and chunks that do not decode.
  public func read(_ field: String, trajectory: Int, frames: Range<Int>) throws(StoreError) -> [Double] {
    let array = array(field)
    return try array.read(box(array, trajectory, frames))
  }

  /// The same as bytes on disk.
  public func readBytes(_ field: String, trajectory: Int, frames: Range<Int>) throws(StoreError) -> [UInt8] {
    let array = array(field)
    return try array.readBytes(box(array, trajectory, frames))
  }

  /// Times of frames; nil when the store has none.
  public func times(_ trajectory: Int, frames: Range<Int>) throws(StoreError) -> [Double]? {
    guard let timeArray else { return nil }
    return try timeArray.read([trajectory..<(trajectory + 1), frames])
  }

  func array(_ field: String) -> ZarrArray {
    guard let array = arrays[field] else { preconditionFailure("the store has no field \(field)") }
    return array
  }

  private func box(_ array: ZarrArray, _ trajectory: Int, _ frames: Range<Int>) throws(StoreError) -> [Range<Int>] {
    guard lengths.indices.contains(trajectory), frames.lowerBound >= 0, frames.upperBound <= lengths[trajectory] else {
      let length =
        lengths.indices.contains(trajectory)
        ? "\(lengths[trajectory]) frames" : "no such trajectory among \(lengths.count)"
      throw StoreError(
        .outOfRange, url.path,
        "frames \(frames.lowerBound) to \(frames.upperBound - 1) of trajectory \(trajectory) were asked for, there are \(length)"
      )
    }
    return [trajectory..<(trajectory + 1), frames] + array.shape.dropFirst(2).map { 0..<$0 }
  }
}
