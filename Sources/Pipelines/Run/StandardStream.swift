import Foundation

/// Standard output and standard error, as a program that runs for days must take them: closed, full, or a pipe whose
/// reader has gone. What cannot be written there is dropped.
public enum StandardStream: Int32, Sendable {
  case output = 1
  case error = 2

  /// Makes the descriptors 0 to 2 safe to use. Call it before anything else opens a file, and before any thread.
  ///
  /// A descriptor that is closed is opened to nothing: the next file that is opened, a chunk of a store, would become
  /// standard error and get our messages. A pipe without a reader and a file that may not grow are then errors of a
  /// write, and not the end of the program.
  public static func prepare() {
    for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
      // The lowest free number is given: in this order it is the closed one. Where there is no /dev/null, a folder, which
      // can be neither read nor written, keeps the place.
      if open("/dev/null", O_RDWR) < 0 { _ = open("/", O_RDONLY | O_DIRECTORY) }
    }
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Writes a line; one that cannot be written is dropped.
  /// - Returns: Whether it was written.
  @discardableResult
  public func print(_ line: some CustomStringConvertible) -> Bool { write("\(line)\n") == 0 }

  /// Writes the result of a command.
  /// - Throws: `RunError.unwritable` when it could not be written, so that nobody takes a part for the whole; nothing when
  ///   its reader has gone.
  public func printResult(_ result: some CustomStringConvertible) throws {
    let code = write("\(result)\n")
    guard code == 0 || code == EPIPE else {
      throw RunError(
        .unwritable,
        "\(self == .output ? "standard output" : "standard error") cannot be written: \(String(cString: strerror(code)))"
      )
    }
  }

  /// - Returns: 0, or the number of the error.
  @discardableResult
  func write(_ text: String) -> Int32 {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(rawValue, $0.baseAddress, $0.count) }
      if count > 0 { bytes = bytes.dropFirst(count) } else if !waitsForRoom(errno) { return errno }
    }
    return 0
  }

  /// Whether a write that failed so is to be tried again. A terminal may have been set to not wait by another program.
  private func waitsForRoom(_ code: Int32) -> Bool {
    if code == EINTR { return true }
    guard code == EAGAIN else { return false }
    var look = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
    // A reader that takes nothing for a second loses the line.
    let isReady = poll(&look, 1, 1000) > 0
    errno = code
    return isReady
  }

  /// Characters and lines that its terminal shows now; nil where it is none.
  public var size: (columns: Int, rows: Int)? {
    var size = winsize()
    guard isatty(rawValue) == 1, ioctl(rawValue, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  /// Whether a picture can be drawn anew in place: on a terminal that knows more than lines.
  public var redraws: Bool {
    let kind = ProcessInfo.processInfo.environment["TERM"] ?? ""
    return size != nil && !kind.isEmpty && kind != "dumb"
  }

  /// Waits until nobody can read it any more: the reader of the pipe has ended. For ever where it is no pipe.
  public func waitUntilAbandoned() {
    var look = pollfd(fd: rawValue, events: 0, revents: 0)
    while poll(&look, 1, -1) < 0, errno == EINTR {}
  }
}
