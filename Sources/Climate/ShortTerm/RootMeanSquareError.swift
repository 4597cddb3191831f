public import Settings

/// Root-mean-square errors of every evolving field and of every observable.
public struct RootMeanSquareError: Metric {
  public static let word = "rmse"
  public static let summary = "Root-mean-square errors of fields and observables over rollouts and frames"
  static let id = "RMSE"

  public init(_ section: ConfigurationSection) {}

  public func scores(_ rollouts: Rollouts) -> [Score] {
    rollouts.errors.parts.map { part in
      Score(
        Self.id, of: part.name, part.rootMeanSquare, standardError: part.standardError, length: rollouts.frames,
        interval: rollouts.interval,
        convention: part.elements > 1
          ? "over rollouts, predicted frames and entries; moduli of complex ones"
          : "over rollouts and predicted frames",
        curve: part.againstFrame)
    }
  }
}
