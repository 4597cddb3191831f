internal import Climate
internal import Disk
internal import Learning
internal import MPI
internal import Settings
internal import Streams
internal import Systems
internal import Transports
internal import Zarr

/// The exit codes of the command line (those of `sysexits.h`).
public struct ExitStatus: RawRepresentable, Sendable, Equatable {
  public let rawValue: Int32
  public init(rawValue: Int32) { self.rawValue = rawValue }

  /// A threshold of the climate monitor stopped the run. (Of no standard: `sysexits.h` knows only errors.)
  public static let alert = ExitStatus(rawValue: 3)
  public static let usage = ExitStatus(rawValue: 64)
  public static let badInput = ExitStatus(rawValue: 65)
  public static let missing = ExitStatus(rawValue: 69)
  public static let unwritable = ExitStatus(rawValue: 73)
  public static let badConfiguration = ExitStatus(rawValue: 78)
  public static let interrupted = ExitStatus(rawValue: 130)

  /// The status for an error of ours; nil for one of the argument parser, which knows its own.
  public init?(for error: any Error) {
    switch error {
    case is ConfigurationError: self = .badConfiguration
    case is CancellationError: self = .interrupted
    case let error as NodeError:
      guard let status = ExitStatus(for: error.cause) else { return nil }
      self = status
    case let error as StoreError:
      let isOutput = [.unwritable, .exists, .locked, .noSpace, .removed].contains(error.code)
      self = isOutput ? .unwritable : .badInput
    case let error as LearningError:
      self =
        error.code == .unwritable || error.code == .noSpace
        ? .unwritable : error.code == .invalidConfiguration ? .badConfiguration : .badInput
    case let error as SystemError: self = error.code == .invalidParameter ? .badConfiguration : .badInput
    case is ClimateError, is CheckpointJudge.TooEarly: self = .badInput
    case is MPIError: self = .missing
    case is LogError, is DiskError: self = .unwritable
    case let error as TransportError:
      self =
        error.code == .address ? .usage : error.code == .missing || error.code == .unreachable ? .missing : .badInput
    case let error as RunError:
      switch error.code {
      case .usage: self = .usage
      case .interrupted: self = .interrupted
      case .missing: self = .missing
      case .unwritable: self = .unwritable
      case .alert: self = .alert
      default: self = .badInput
      }
    default: return nil
    }
  }
}
