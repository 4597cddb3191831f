/// Why a log could not be opened, written or read.
public struct LogError: Error, Sendable, CustomStringConvertible {
  public let path: String
  public let message: String
  public var description: String { "\(path): \(message)" }
}
