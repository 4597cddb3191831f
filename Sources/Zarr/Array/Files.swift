internal import CKernels
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
  /// - Parameter isReplaced: The target is usually there already. The two names are then swapped and the old file removed,
  ///   because ext4 starts writing to the disk at once when a rename replaces a file, which takes longer than all the rest.
  /// - Throws: `StoreError.noSpace` or `.unwritable`, with the system's reason; nothing is left behind.
  static func replace(_ path: String, with bytes: UnsafeRawBufferPointer, synchronised: Bool, isReplaced: Bool = false)
    throws(StoreError)
  {
    let temporary = temporaryName(path)
    var descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    if descriptor < 0, errno == ENOENT {
      try? FileManager.default.createDirectory(
        at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
      descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    }
    func failed(_ what: String) -> StoreError {
      let code = errno
      unlink(temporary)
      return StoreError(
        code == ENOSPC || code == EDQUOT ? .noSpace : .unwritable, path,
        "cannot be \(what): \(String(cString: strerror(code)))")
    }
    guard descriptor >= 0 else { throw failed("created") }
    var done = 0
    while done < bytes.count {
      let put = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if put < 0 {
        if errno == EINTR { continue }
        let error = failed("written")
        close(descriptor)
        throw error
      }
      done += put
    }
    if synchronised, fdatasync(descriptor) != 0 {
      let error = failed("brought to the disk")
      close(descriptor)
      throw error
    }
    guard close(descriptor) == 0 else { throw failed("closed") }
    if isReplaced, holstream_exchange(temporary, path) == 0 {
      unlink(temporary)
      return
    }
    guard rename(temporary, path) == 0 else { throw failed("renamed into place") }
  }

  static func replace(_ path: String, with bytes: [UInt8], synchronised: Bool, isReplaced: Bool = false)
    throws(StoreError)
  {
    let outcome = bytes.withUnsafeBytes { bytes -> StoreError? in
      do throws(StoreError) {
        try replace(path, with: bytes, synchronised: synchronised, isReplaced: isReplaced)
      } catch { return error }
      return nil
    }
    if let outcome { throw outcome }
  }

  /// The name under which a file is written before it gets its own.
  private static func temporaryName(_ path: String) -> String {
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    return "\(path[..<slash]).\(path[slash...]).tmp-\(getpid())"
  }

  static func isTemporary(_ name: String) -> Bool { name.hasPrefix(".") && name.contains(".tmp-") }

  /// Brings a folder's names to the disk, after which renames in it survive a loss of power.
  static func synchronise(folder: String) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
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
