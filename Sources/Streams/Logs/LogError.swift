public import Disk

/// Why a log could not be opened, written or read.
public struct LogError: DiskFailure, Sendable, CustomStringConvertible {
  public let path: String
  public let message: String
  /// Whether it is for want of space: the same line may be appended again when there is some.
  public let isDiskFull: Bool

  init(path: String, message: String) {
    self.path = path
    self.message = message
    isDiskFull = false
  }

  init(_ error: DiskError) {
    path = error.path
    message = error.message
    isDiskFull = error.isDiskFull
  }

  public var description: String { "\(path): \(message)" }
}
