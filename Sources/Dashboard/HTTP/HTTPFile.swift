import Foundation

/// A file that is sent piece by piece: as long as it is not sent to its end it is held open, and none of it in memory.
final class HTTPFile: Sendable, Equatable {
  /// When the file was opened; what is appended later is not sent.
  let size: Int
  private let descriptor: Int32

  /// Nil where there is no such file, or it cannot be read.
  init?(_ url: URL) {
    descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    var status = stat()
    guard descriptor >= 0 else { return nil }
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      return nil
    }
    size = Int(status.st_size)
  }

  deinit { close(descriptor) }

  /// At most `count` bytes from `offset` on; fewer before the end, nil where the file was cut short or cannot be read.
  func read(from offset: Int, atMost count: Int) -> [UInt8]? {
    let wanted = min(count, size - offset)
    var bytes = [UInt8](repeating: 0, count: max(0, wanted))
    let read = pread(descriptor, &bytes, bytes.count, off_t(offset))
    guard read > 0 || wanted == 0 else { return nil }
    return read == bytes.count ? bytes : Array(bytes[..<read])
  }

  static func == (a: HTTPFile, b: HTTPFile) -> Bool { a === b }
}
