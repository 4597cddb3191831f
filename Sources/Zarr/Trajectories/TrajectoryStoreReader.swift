public import Foundation
internal import Synchronization

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
  /// Times that all trajectories of somebody else's store have in common.
  private let commonTimes: ZarrArray?
  private let lengths: [Int]
  private let cache: ChunkCache

  /// - Parameter cacheLimit: Bytes of decoded chunks that are kept in memory.
  /// - Throws: `StoreError` when there is no store, or one that cannot be read.
  public convenience init(_ url: URL, cacheLimit: Int = 64 << 20) throws(StoreError) {
    try self.init(url, cache: ChunkCache(limit: cacheLimit))
  }

  /// - Parameter losesLengths: Take `length` as lost: every trajectory is then empty, and its chunks are beyond.
  init(_ url: URL, cache: ChunkCache, losesLengths: Bool = false) throws(StoreError) {
    self.url = url
    self.cache = cache
    let place = Files.resolved(url.path)
    guard let root = try Files.json(url.path + "/zarr.json", within: place) else {
      throw Files.exists(url.path)
        ? StoreError(.notAStore, url.path, "is no Zarr v3 store (no zarr.json in it)")
        : StoreError(.notFound, url.path, "does not exist")
    }
    guard root["node_type"]?.string == "group", root["zarr_format"]?.integer == 3 else {
      throw StoreError(.notAStore, url.path, "is not a Zarr v3 group; give the folder that holds the arrays")
    }
    attributes = root["attributes"]?.object ?? [:]
    // `length` is read first and everything else after it: what it promises is there.
    var lengthArray: ZarrArray?
    var promised: [Int]?
    if Files.exists(url.path + "/length/zarr.json") {
      let array = try ZarrArray(url.appending(path: "length"), root: place, cache: ChunkCache(limit: 0), strict: false)
      guard array.shape.count == 1, array.dataType == .int64, array.shape[0] <= 100_000_000 else {
        throw StoreError(.corrupt, array.url.path, "is not a list of lengths")
      }
      promised =
        losesLengths
        ? Array(repeating: 0, count: array.shape[0]) : try array.read([0..<array.shape[0]]).map { Int($0) }
      lengthArray = array
    }
    var arrays: [String: ZarrArray] = [:]
    var fields: [TrajectoryField] = []
    var timeArray: ZarrArray?
    var commonTimes: ZarrArray?
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
    for name in names
    where name != "length" && Files.exists("\(url.path)/\(name)/zarr.json") {
      let array = try ZarrArray(url.appending(path: name), root: place, cache: cache, strict: promised != nil)
      if name == "time" {
        if array.shape.count == 2 { timeArray = array }
        if array.shape.count == 1, promised == nil { commonTimes = array }
        continue
      }
      guard array.shape.count >= 2 else { continue }
      arrays[name] = array
      fields.append(
        TrajectoryField(
          name: name, shape: Array(array.shape.dropFirst(2)), dataType: array.dataType,
          dimensionNames: array.dimensionNames.map { Array($0.dropFirst(2)) } ?? [], attributes: array.attributes))
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
    if let commonTimes, commonTimes.shape[0] < frames {
      throw StoreError(
        .corrupt, commonTimes.url.path, "has \(commonTimes.shape[0]) times, but the arrays have \(frames) frames")
    }
    self.commonTimes = commonTimes
  }

  /// A reader also of a store whose lengths cannot be read, and why they cannot.
  static func salvaging(_ url: URL) throws(StoreError) -> (reader: TrajectoryStoreReader, lostLengths: String?) {
    do throws(StoreError) {
      return (try TrajectoryStoreReader(url, cacheLimit: 0), nil)
    } catch {
      guard error.code == .corrupt, error.path.contains("/length/c") else { throw error }
      return (try TrajectoryStoreReader(url, cache: ChunkCache(limit: 0), losesLengths: true), error.description)
    }
  }

  public var trajectories: Int { lengths.count }

  /// Trajectories below this number were deleted by retention: their length is 0.
  public var retired: Int { lengthArray?.attributes[Self.retiredKey]?.integer ?? 0 }
  static let retiredKey = "retired"

  /// Whether its chunks share files, so that it must be unsealed before it can be appended to.
  public var isSealed: Bool { arrays.values.contains { $0.metadata.sharding != nil } }

  /// Frames of a trajectory; 0 for one that is not there, or not yet.
  public func length(_ trajectory: Int) -> Int { lengths.indices.contains(trajectory) ? lengths[trajectory] : 0 }

  /// Frames that are decoded together.
  public func framesPerChunk(_ field: String) -> Int { array(field).chunkShape[1] }

  public func field(_ name: String) -> TrajectoryField? { fields.first { $0.name == name } }

  /// The same store as it is now; what was decoded before is kept, unless the store has lost frames since.
  public func refreshed() throws(StoreError) -> TrajectoryStoreReader {
    let new = try TrajectoryStoreReader(url, cache: cache)
    let isGrown =
      new.trajectories >= trajectories && lengths.indices.allSatisfy { new.lengths[$0] >= lengths[$0] }
      && new.lengthArray?.attributes[StoreRepair.countKey] == lengthArray?.attributes[StoreRepair.countKey]
    return isGrown ? new : try TrajectoryStoreReader(url, cache: ChunkCache(limit: cache.limit))
  }

  /// Frames of one field, (frames, …) in C order; complex numbers as interleaved parts.
  /// - Throws: `StoreError` for frames that are not stored and chunks that do not decode.
  public func read(_ field: String, trajectory: Int, frames: Range<Int>) throws(StoreError) -> [Double] {
    let array = array(field)
    let bytes = try readBytes(field, trajectory: trajectory, frames: frames)
    return bytes.withUnsafeBytes { array.dataType.doubles($0) }
  }

  /// The same in single precision, into memory of the caller's: what a trainer reads its windows by.
  /// - Parameter target: (frames, …) numbers; a complex element takes two.
  public func read(
    _ field: String, trajectory: Int, frames: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) throws(StoreError) {
    let array = array(field)
    let box = try box(array, trajectory, frames)
    if array.dataType == .float32 || array.dataType == .complex64 {
      try array.read(
        box, into: UnsafeMutableRawBufferPointer(target), version: version(array, trajectory, frames))
    } else {
      let numbers = try read(field, trajectory: trajectory, frames: frames)
      precondition(numbers.count == target.count, "\(numbers.count) numbers were to be read into \(target.count)")
      for (index, number) in numbers.enumerated() { target[index] = Float(number) }
    }
  }

  /// The same as little-endian bytes.
  public func readBytes(_ field: String, trajectory: Int, frames: Range<Int>) throws(StoreError) -> [UInt8] {
    let array = array(field)
    return try array.readBytes(box(array, trajectory, frames), version: version(array, trajectory, frames))
  }

  /// One window of frames of a trajectory.
  public struct Window: Sendable, Equatable {
    public var trajectory: Int
    public var frames: Range<Int>

    public init(trajectory: Int, frames: Range<Int>) {
      self.trajectory = trajectory
      self.frames = frames
    }
  }

  /// Windows of equal length, one behind the other, read by all cores: a trainer's batch.
  /// - Parameter target: (windows, frames, …) numbers; a complex element takes two.
  public func read(_ field: String, windows: [Window], into target: UnsafeMutableBufferPointer<Float>)
    throws(StoreError)
  {
    guard let first = windows.first else { return }
    let count = target.count / windows.count
    precondition(
      windows.allSatisfy { $0.frames.count == first.frames.count } && count * windows.count == target.count,
      "windows must have the same length and the target room for all of them")
    // Every window has its own part of the target, and all have come back before this returns.
    nonisolated(unsafe) let target = target
    let failure = Mutex<StoreError?>(nil)
    DispatchQueue.concurrentPerform(iterations: windows.count) { number in
      do throws(StoreError) {
        try read(
          field, trajectory: windows[number].trajectory, frames: windows[number].frames,
          into: UnsafeMutableBufferPointer(rebasing: target[number * count..<(number + 1) * count]))
      } catch { failure.withLock { $0 = $0 ?? error } }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
  }

  /// Decodes what will be asked for soon, on another core; what is wrong with it is said when it is asked for.
  public func prefetch(_ field: String, trajectory: Int, frames: Range<Int>) {
    let array = array(field)
    guard lengths.indices.contains(trajectory) else { return }
    let frames = frames.clamped(to: 0..<lengths[trajectory])
    guard !frames.isEmpty, let box = try? box(array, trajectory, frames) else { return }
    let version = version(array, trajectory, frames)
    DispatchQueue.global().async { try? array.warm(box, version: version) }
  }

  /// Times of frames; nil when the store has none.
  public func times(_ trajectory: Int, frames: Range<Int>) throws(StoreError) -> [Double]? {
    guard let timeArray else {
      guard let commonTimes else { return nil }
      let bytes = try commonTimes.readBytes([frames])
      return bytes.withUnsafeBytes { commonTimes.dataType.doubles($0) }
    }
    let bytes = try timeArray.readBytes(
      [trajectory..<(trajectory + 1), frames], version: version(timeArray, trajectory, frames))
    return bytes.withUnsafeBytes { timeArray.dataType.doubles($0) }
  }

  /// The frames of a trajectory whose times lie in a range; times rise along a trajectory.
  /// - Returns: Possibly empty; all frames, counted from time 0 on, for a store without times.
  /// - Throws: `StoreError` for times that do not decode.
  public func frames(_ trajectory: Int, times range: ClosedRange<Double>) throws(StoreError) -> Range<Int> {
    let all = 0..<length(trajectory)
    guard timeArray ?? commonTimes != nil else {
      return all.clamped(to: Int(max(0, range.lowerBound).rounded(.up))..<Int(min(1e15, range.upperBound)) + 1)
    }
    /// The first frame that is not before (or, `passing`, that is after) a time, by bisection.
    func first(_ time: Double, passing: Bool) throws(StoreError) -> Int {
      var (low, high) = (0, all.upperBound)
      while low < high {
        let middle = (low + high) / 2
        let own = try times(trajectory, frames: middle..<middle + 1)![0]
        if own < time || (passing && own == time) { low = middle + 1 } else { high = middle }
      }
      return low
    }
    let start = try first(range.lowerBound, passing: false)
    return start..<max(start, try first(range.upperBound, passing: true))
  }

  func array(_ field: String) -> ZarrArray {
    guard let array = arrays[field] else { preconditionFailure("the store has no field \(field)") }
    return array
  }

  /// Names the state of a trajectory's last chunk, which its writer may still replace by a fuller one.
  private func version(_ array: ZarrArray, _ trajectory: Int, _ frames: Range<Int>) -> Int {
    guard lengthArray != nil, lengths.indices.contains(trajectory) else { return -1 }
    let complete = lengths[trajectory] / array.chunkShape[1] * array.chunkShape[1]
    return frames.upperBound <= complete ? -1 : lengths[trajectory]
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
