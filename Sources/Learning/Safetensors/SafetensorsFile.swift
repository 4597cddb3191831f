internal import Foundation
internal import Glibc

/// An open file of tensors: what is asked of it is read, and nothing else, however large it is.
///
/// Not mapped: a program that shortens a mapped file ends its readers.
final class SafetensorsFile: Sendable {
  let size: Int
  private let descriptor: Int32

  /// - Throws: `LearningError` of code `unreadable` for what cannot be opened, and for folders, pipes and devices.
  init(_ url: URL) throws {
    // Opening a pipe would wait for its writer.
    descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw LearningError(.unreadable, "cannot read \(url.path): \(String(cString: strerror(errno)))")
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      // What was opened is closed by `deinit`.
      size = 0
      throw LearningError(.unreadable, "cannot read \(url.path): it is not a file")
    }
    size = Int(status.st_size)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// The bytes of a range within the size; fewer where the file has become shorter, or cannot be read.
  func bytes(_ range: Range<Int>) -> Data {
    precondition(range.lowerBound >= 0 && range.upperBound <= size, "Safetensors: reading beyond the end of the file")
    var data = Data(count: range.count)
    let done = data.withUnsafeMutableBytes { target in
      var done = 0
      while done < range.count {
        let count = pread(descriptor, target.baseAddress! + done, range.count - done, off_t(range.lowerBound + done))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        done += count
      }
      return done
    }
    return done < range.count ? data.prefix(done) : data
  }
}
