internal import Disk
internal import Foundation

/// Reading and atomic writing of small files.
enum Files {
  /// The file's path with every link resolved; the path itself where there is nothing.
  static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// - Parameter root: A resolved folder that the file must lie in, wherever links lead.
  /// - Throws: `StoreError`; files beyond `limit` are refused before a byte of them is read.
  static func read(_ path: String, within root: String? = nil, atMost limit: Int) throws(StoreError) -> [UInt8]? {
    guard let file = try StoredFile(path, within: root) else { return nil }
    guard file.size <= limit else {
      throw StoreError(.corrupt, path, "has \(file.size) bytes where at most \(limit) belong")
    }
    return try file.read(at: 0, count: file.size)
  }

  /// Writes to a temporary name beside the target, then renames: a reader sees the old file or the new one, never a part.
  ///
  /// - Parameters:
  ///   - synchronised: The content is brought to the disk before the rename.
  ///   - isReplaced: The target is usually there already.
  /// - Throws: `StoreError.noSpace`, `.removed` or `.unwritable`, with the system's reason; nothing is left behind.
  static func replace(_ path: String, with bytes: UnsafeRawBufferPointer, synchronised: Bool, isReplaced: Bool = false)
    throws(StoreError)
  {
    do throws(DiskError) {
      try WholeFile.replace(path, with: bytes, durability: synchronised ? .content : .none, isReplaced: isReplaced)
    } catch { throw StoreError(error) }
  }

  static func replace(_ path: String, with bytes: [UInt8], synchronised: Bool, isReplaced: Bool = false)
    throws(StoreError)
  {
    do throws(DiskError) {
      try WholeFile.replace(path, with: bytes, durability: synchronised ? .content : .none, isReplaced: isReplaced)
    } catch { throw StoreError(error) }
  }

  static func isTemporary(_ name: String) -> Bool { WholeFile.isTemporary(name) }

  /// Brings a folder's names to the disk, after which renames in it survive a loss of power.
  static func synchronise(folder: String) throws(StoreError) {
    do throws(DiskError) { try WholeFile.synchronise(folder: folder) } catch { throw StoreError(error) }
  }

  /// Makes a folder and those that it lies in, as far as they are missing.
  static func make(folder: String) throws(StoreError) {
    guard mkdir(folder, 0o755) != 0 else { return }
    if errno == ENOENT, case let parent = (folder as NSString).deletingLastPathComponent, parent != folder,
      !parent.isEmpty
    {
      try make(folder: parent)
      guard mkdir(folder, 0o755) != 0 else { return }
    }
    var status = stat()
    let code = errno
    if code == EEXIST, stat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
    throw StoreError(DiskError(folder, cannotBe: "made", code))
  }

  /// - Throws: `StoreError` when it is too large for metadata, or not JSON.
  static func json(_ path: String, within root: String? = nil) throws(StoreError) -> JSONValue? {
    guard let bytes = try read(path, within: root, atMost: 16 << 20) else { return nil }
    do { return try JSONDecoder().decode(JSONValue.self, from: Data(bytes)) } catch {
      throw StoreError(.corrupt, path, "is not JSON")
    }
  }

  static func text(_ value: JSONValue) throws(StoreError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else {
      throw StoreError(
        .unwritable, "zarr.json", "the attributes hold a number that JSON does not have (NaN or infinite)")
    }
    return String(decoding: data, as: UTF8.self)
  }

  static func writeJSON(_ value: JSONValue, to path: String, synchronised: Bool) throws(StoreError) {
    try replace(path, with: Array(text(value).utf8), synchronised: synchronised)
  }
}
