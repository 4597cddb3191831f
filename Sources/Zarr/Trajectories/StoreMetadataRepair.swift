public import Foundation

/// Metadata of a store that is empty or gone, made again from the note beside the store or from a layout, with shapes by the
/// chunks that are there.
///
/// Making the plan changes nothing. The lengths are to be verified afterwards.
public struct StoreMetadataRepair: Sendable, CustomStringConvertible {
  public let url: URL
  /// Paths within the store.
  public let lost: [String]
  private let texts: [(path: String, json: JSONValue)]

  /// - Parameter layout: Of the store, where no note is beside it.
  /// - Returns: Nil when all metadata reads.
  /// - Throws: `StoreError` when metadata is lost and nothing says what it was, or what says so is of another store.
  public init?(
    planning url: URL, layout: () throws(StoreError) -> TrajectoryStoreLayout? = { () throws(StoreError) in nil }
  ) throws(StoreError) {
    self.url = url
    let noted = StoreLayoutNote.metadata(of: url)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    // A folder of chunks without metadata is an array that was lost; so is one that the note knows.
    let folders = Set(names.filter { !$0.hasPrefix(".") && $0 != "zarr.json" })
      .union((noted ?? [:]).keys.compactMap { $0.hasSuffix("/zarr.json") ? String($0.dropLast(10)) : nil })
    var arrays: [String: ArrayMetadata] = [:]
    var missing: [String] = []
    for name in folders {
      let path = "\(url.path)/\(name)"
      if let json = (try? Files.json("\(path)/zarr.json")) ?? nil, let array = try? ArrayMetadata(json, path: path) {
        arrays[name] = array
      } else if Self.isLost("\(path)/zarr.json"), noted?["\(name)/zarr.json"] != nil || Self.hasChunks(path) {
        missing.append(name)
      }
    }
    let hasRoot = !Self.isLost("\(url.path)/zarr.json")
    // Shapes that are behind their chunks: lengths may promise more than they have.
    let known = arrays.keys.sorted().filter { name in
      let shape = arrays[name]!.shape
      return name == "length"
        ? shape.count == 1 && shape[0] < Self.promised(url, arrays["length"]).count
        : shape.count >= 2 && arrays["length"] != nil && Self.promised(url, arrays["length"]).contains { $0 > shape[1] }
    }
    guard !hasRoot || !missing.isEmpty || !known.isEmpty else { return nil }
    var source = noted
    if source == nil, !hasRoot || !missing.isEmpty, let layout = try layout() {
      source = try TrajectoryStoreFiles(url.path, layout).metadata
    }
    var texts: [(path: String, json: JSONValue)] = []
    for name in missing.sorted() {
      guard let json = source?["\(name)/zarr.json"] else { throw Self.unknown(url, "\(name)/zarr.json") }
      arrays[name] = try ArrayMetadata(json, path: "\(url.path)/\(name)")
    }
    let extent = Self.extent(of: url, arrays)
    for name in missing.sorted() + known where texts.allSatisfy({ $0.path != "\(name)/zarr.json" }) {
      var array = arrays[name]!
      if name == "length" {
        array.shape = [max(array.shape[0], extent.trajectories)]
        if extent.first > 0, missing.contains(name) {
          array.attributes[TrajectoryStoreReader.retiredKey] = .number(Double(extent.first))
        }
      } else {
        array.shape[0] = max(array.shape[0], extent.trajectories)
        array.shape[1] = max(array.shape[1], extent.frames)
        if missing.contains(name) { try Self.check(array, name, in: url) }
      }
      texts.append(("\(name)/zarr.json", array.json))
    }
    if !hasRoot {
      guard let json = source?["zarr.json"] else { throw Self.unknown(url, "zarr.json") }
      texts.append(("zarr.json", json))
    }
    self.texts = texts
    lost = texts.map(\.path)
  }

  /// Carries the plan out.
  /// - Throws: `StoreError` when another program writes to the store or it cannot be written.
  public func apply() throws(StoreError) {
    let lock = try StoreLock(for: url)
    defer { withExtendedLifetime(lock) {} }
    try applyHoldingLock()
  }

  func applyHoldingLock() throws(StoreError) {
    for text in texts {
      let folder = (("\(url.path)/\(text.path)") as NSString).deletingLastPathComponent
      try Files.make(folder: folder)
      try Files.writeJSON(text.json, to: "\(url.path)/\(text.path)", synchronised: true)
      try Files.synchronise(folder: folder)
    }
    try Files.synchronise(folder: url.path)
  }

  public var description: String { lost.map { "make \($0) again, which is empty or lost" }.joined(separator: "\n") }

  private static func unknown(_ url: URL, _ name: String) -> StoreError {
    StoreError(
      .corrupt, "\(url.path)/\(name)",
      "is empty or gone, and nothing says what was in it: neither a note beside the store nor the pipeline.yaml of a run"
    )
  }

  /// Whether a file is missing or cannot be metadata; one that can and is of something else is left alone.
  private static func isLost(_ path: String) -> Bool { ((try? Files.json(path)) ?? nil) == nil }

  private static func hasChunks(_ folder: String) -> Bool { !chunks(folder).isEmpty }

  /// Indexes of the chunks that are there, by their flat keys.
  private static func chunks(_ folder: String) -> [[Int]] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap { name in
      guard name.hasPrefix("c.") else { return nil }
      let numbers = name.dropFirst(2).split(separator: ".", omittingEmptySubsequences: false).map { Int($0) ?? -1 }
      return numbers.allSatisfy { $0 >= 0 && $0 < 1 << 40 } ? numbers : nil
    }
  }

  /// What the chunks and shapes that are there reach to; the first trajectory that has chunks.
  private static func extent(of url: URL, _ arrays: [String: ArrayMetadata])
    -> (trajectories: Int, frames: Int, first: Int)
  {
    var (trajectories, frames, first) = (0, 0, Int.max)
    for (name, array) in arrays where name != "length" && array.shape.count >= 2 && array.sharding == nil {
      trajectories = max(trajectories, array.shape[0])
      frames = max(frames, array.shape[1])
      for chunk in chunks("\(url.path)/\(name)") where chunk.count == array.shape.count {
        trajectories = max(trajectories, chunk[0] + 1)
        first = min(first, chunk[0])
        frames = max(frames, min(1 << 40, chunk[1] + 1) * array.chunkShape[1])
      }
    }
    if let length = arrays["length"], length.shape.count == 1 { trajectories = max(trajectories, length.shape[0]) }
    return (trajectories, frames, first == .max ? 0 : first)
  }

  /// Lengths as they are stored, whatever the shapes say; empty where they do not read.
  private static func promised(_ url: URL, _ length: ArrayMetadata?) -> [Int] {
    guard let length, length.shape.count == 1, length.dataType == .int64, length.shape[0] <= 100_000_000,
      let array = try? ZarrArray(
        url.appending(path: "length"), root: Files.resolved(url.path), cache: ChunkCache(limit: 0), strict: false)
    else { return [] }
    return ((try? array.read([0..<array.shape[0]])) ?? []).map { $0.isFinite && $0 >= 0 && $0 < 0x1p48 ? Int($0) : 0 }
  }

  /// - Throws: `StoreError` when none of an array's chunks decodes by this metadata: it is of something else.
  private static func check(_ array: ArrayMetadata, _ name: String, in url: URL) throws(StoreError) {
    var found: StoreError?
    for chunk in chunks("\(url.path)/\(name)").prefix(16) where chunk.count == array.shape.count {
      let path = "\(url.path)/\(name)/\(array.chunkKey(chunk))"
      do throws(StoreError) {
        guard let bytes = try Files.read(path, atMost: CodecChain.largestFile(array.chunkByteCount)) else { continue }
        _ = try array.codecs.decode(bytes, size: array.chunkByteCount, shape: array.chunkShape, path: path)
        return
      } catch { found = found ?? error }
    }
    guard let found else { return }
    throw StoreError(
      .corrupt, url.path,
      "has lost \(name)/zarr.json, and what says how it was does not fit its chunks (\(found)); nothing was changed")
  }
}
