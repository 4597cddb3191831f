internal import Foundation

/// An open file of a store, for reading.
struct StoredFile: ~Copyable {
  let path: String
  let size: Int
  private let descriptor: Int32

  /// Nil when there is no such file.
  /// - Parameter root: A resolved folder that the file must lie in, wherever links lead.
  /// - Throws: `StoreError` for folders, pipes and devices, and for a link that leads out of `root`.
  init?(_ path: String, within root: String?) throws(StoreError) {
    // Opening a pipe would wait for its writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw StoreError(.notFound, path, "cannot be opened: \(String(cString: strerror(errno)))")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw StoreError(.corrupt, path, "is not a file")
    }
    if let root, let place = Self.place(of: descriptor), !place.hasPrefix(root + "/") {
      close(descriptor)
      throw StoreError(
        .corrupt, path,
        "is a link that leads out of the store, to \(place); copy the data in, or open that store itself")
    }
    self.path = path
    self.descriptor = descriptor
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// Where an open file really lies; nil where the system does not say.
  private static func place(of descriptor: Int32) -> String? {
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
      let count = readlink("/proc/self/fd/\(descriptor)", buffer.baseAddress!, buffer.count)
      guard count > 0, count < buffer.count else { return nil }
      return String(decoding: buffer[..<count], as: UTF8.self)
    }
  }

  /// - Parameter count: Within the file's size, which bounds what is allocated.
  /// - Throws: `StoreError` when the file has become shorter.
  func read(at offset: Int, count: Int) throws(StoreError) -> [UInt8] {
    precondition(offset >= 0 && count >= 0 && offset + count <= size, "reading beyond the end of \(path)")
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, done in
      done = 0
      while done < count {
        let got = pread(descriptor, target.baseAddress! + done, count - done, off_t(offset + done))
        if got < 0, errno == EINTR { continue }
        if got <= 0 { break }
        done += got
      }
    }
    guard bytes.count == count else { throw StoreError(.corrupt, path, "could not be read whole") }
    return bytes
  }
}
