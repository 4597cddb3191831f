internal import Foundation

/// Why something could not be brought to the disk: which file, what was tried, and what the system said.
public struct DiskError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// No space, or the quota is used up: a reason that passes.
    case full
    /// The file or its folder is no longer where it was.
    case removed
    /// Everything else: a defect, a disk that became read-only, rights.
    case failed
  }

  public let kind: Kind
  public let path: String
  public let message: String

  public init(_ kind: Kind, _ path: String, _ message: String) {
    self.kind = kind
    self.path = path
    self.message = message
  }

  /// - Parameters:
  ///   - action: Such as `written`: the message begins with “cannot be written”.
  ///   - code: The system's error number.
  public init(_ path: String, cannotBe action: String, _ code: Int32) {
    let kind: Kind =
      switch code {
      case ENOSPC, EDQUOT: .full
      case ENOENT, ENOTDIR, ESTALE: .removed
      default: .failed
      }
    let reason =
      kind == .removed
      ? "its folder is no longer there; it was removed or renamed" : String(cString: strerror(code))
    self.init(kind, path, "cannot be \(action): \(reason)")
  }

  public var description: String { "\(path): \(message)" }
}

/// An error that may say that a disk is full, so that whoever wrote can wait for space.
public protocol DiskFailure: Error {
  var isDiskFull: Bool { get }
}

extension DiskError: DiskFailure {
  public var isDiskFull: Bool { kind == .full }
}
