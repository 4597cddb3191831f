public import Trajectories

/// Trajectories of one system that advance together, frame by frame.
///
/// The bits of a trajectory depend neither on its companions nor on the number of workers.
public protocol Ensemble: Sendable {
  /// Their numbers.
  var trajectories: Range<Int> { get }
  /// Index of the frames that `advance` gives next.
  var nextIndex: Int { get }
  /// The next frame of every trajectory, in their order; the first call of a new ensemble gives frame 0.
  mutating func advance() throws -> [Frame]
  /// What learning on the fly did since the last call, trajectory by trajectory; nothing where nothing is learned.
  mutating func takeRecords() -> [OnTheFlyRecord]
  /// What happened since the last call that a user should know, in sentences.
  mutating func takeNotices() -> [String]
}

extension Ensemble {
  public mutating func takeRecords() -> [OnTheFlyRecord] { [] }
  public mutating func takeNotices() -> [String] { [] }
}

/// Sizes that no machine has, refused before anything is allocated.
enum EnsembleSize {
  /// Numbers of all states of an ensemble: 64 GiB.
  static let most = 1 << 33
  /// Random numbers tell this many trajectories apart.
  static let mostTrajectories = 1 << 32

  /// - Throws: `SystemError` for an ensemble without trajectories, with more than there are numbers for, or with more
  ///   than a machine holds.
  static func validate(_ trajectories: Range<Int>, numbersPerState: Int) throws(SystemError) {
    guard !trajectories.isEmpty, trajectories.lowerBound >= 0, trajectories.upperBound <= mostTrajectories else {
      throw SystemError(
        .invalidParameter,
        "an ensemble needs trajectories, numbered from 0 to \(mostTrajectories - 1); got \(trajectories)",
        key: "trajectories")
    }
    let (numbers, overflow) = trajectories.count.multipliedReportingOverflow(by: numbersPerState)
    guard !overflow, numbers <= most else {
      throw SystemError(
        .invalidParameter,
        "\(trajectories.count) trajectories of \(numbersPerState) numbers need more than 64 GiB; take fewer at once",
        key: "trajectories")
    }
  }

  /// - Throws: `SystemError` when there is no state, or one that is of another layout or not finite.
  static func validate(_ states: [State<Double>], of layout: StateLayout) throws(SystemError) {
    guard !states.isEmpty else { throw SystemError(.invalidState, "an ensemble needs at least one state") }
    for (number, state) in states.enumerated() {
      guard state.layout == layout else {
        throw SystemError(
          .invalidState,
          "state \(number) is \(state.layout.summary) where the system has \(layout.summary)")
      }
      guard state.isFinite else { throw SystemError(.invalidState, "state \(number) has a value that is not finite") }
    }
  }
}
