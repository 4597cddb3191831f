public import Disk

/// What can go wrong in learning for reasons outside the program: files, configurations and data.
public struct LearningError: DiskFailure, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// A file that is not what its name says, or that is damaged.
    case malformedFile
    /// A checkpoint whose tensors or metadata do not fit together.
    case checkpointMismatch
    /// A configuration that no model or trainer can be made from.
    case invalidConfiguration
    /// Data of a wrong shape or with numbers that are not finite.
    case invalidData
    /// Training diverged and the policy was to stop.
    case diverged
    /// A file that the operating system does not let us read, or that is not there.
    case unreadable
    /// A file that the operating system does not let us write.
    case unwritable
    /// A file for which the disk has no room now.
    case noSpace
  }

  public let code: Code
  /// What went wrong, where, and what to do about it.
  public let message: String

  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  public var isDiskFull: Bool { code == .noSpace }

  public var description: String { message }
}
