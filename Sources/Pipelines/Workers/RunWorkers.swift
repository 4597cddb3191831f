internal import Disk
internal import Foundation
public import Transports

/// Who does the work of a run that may be done elsewhere. It is no part of the pipeline: the bits do not depend on it.
public struct RunWorkers: Sendable {
  /// Where checkpoints are offered to be judged; nil to judge them in this process.
  public var judges: (any Transport)?
  /// Where ensembles are offered to be simulated; nil to simulate them in this process.
  public var simulators: (any Transport)?
  /// Address of this run's page for those that do not share its disk, such as `http://node7:8480`.
  public var page: String?

  public init(judges: (any Transport)? = nil, simulators: (any Transport)? = nil, page: String? = nil) {
    self.judges = judges
    self.simulators = simulators
    self.page = page
  }

  /// What tells a run's messages from those of others: the same when the run is gone on with.
  static func scope(of directory: RunDirectory) -> MessageID {
    let place = "\(ProcessInfo.processInfo.hostName):\(directory.url.resolvingSymlinksInPath().path)"
    return MessageID(words: String(Fingerprint.of(place).prefix(12)))
  }
}
