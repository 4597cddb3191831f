internal import Foundation

/// Reading and atomic writing of small files.
enum Files {
  /// - Throws: `StoreError`; files beyond `limit` are refused before a byte of them is read.
  static func read(_ url: URL, atMost limit: Int) throws(StoreError) -> [UInt8]? {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw StoreError(.notFound, url.path, "cannot be opened: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw StoreError(.corrupt, url.path, "is not a file")
    }
    let size = Int(status.st_size)
    guard size <= limit else { throw StoreError(.corrupt, url.path, "has \(size) bytes where at most \(limit) belong") }
    var done = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { target, count in
      while done < size {
        let got = Foundation.read(descriptor, target.baseAddress! + done, size - done)
        if got <= 0 { break }
        done += got
      }
      count = done
    }
    guard done == size else { throw StoreError(.corrupt, url.path, "could not be read whole") }
    return bytes
  }

  /// Writes to a temporary name beside the target, then renames: a reader sees the old file or the new one, never a part.
  /// - Throws: `StoreError.unwritable`, with the system's reason.
  static func replace(_ url: URL, with bytes: [UInt8], synchronised: Bool) throws(StoreError) {
    let temporary = url.deletingLastPathComponent().appending(path: ".\(url.lastPathComponent).tmp-\(getpid())").path
    var descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    if descriptor < 0, errno == ENOENT {
      try? FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    }
    func failed(_ what: String) -> StoreError {
      let reason = String(cString: strerror(errno))
      unlink(temporary)
      return StoreError(.unwritable, url.path, "cannot be \(what): \(reason)")
    }
    guard descriptor >= 0 else { throw failed("created") }
    var done = 0
    while done < bytes.count {
      let put = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + done, bytes.count - done) }
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
    guard rename(temporary, url.path) == 0 else { throw failed("renamed into place") }
  }

  /// - Throws: `StoreError` when it is missing, too large for metadata, or not JSON.
  static func json(_ url: URL) throws(StoreError) -> JSONValue? {
    guard let bytes = try read(url, atMost: 16 << 20) else { return nil }
    do { return try JSONDecoder().decode(JSONValue.self, from: Data(bytes)) } catch {
      throw StoreError(.corrupt, url.path, "is not JSON")
    }
  }

  static func writeJSON(_ value: JSONValue, to url: URL, synchronised: Bool) throws(StoreError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else {
      throw StoreError(.unwritable, url.path, "the metadata cannot be encoded")
    }
    try replace(url, with: Array(data), synchronised: synchronised)
  }
}
