internal import Foundation

/// How much an observable has changed from one window to a later one that shares no frame with it.
///
/// In units of the standard error that two stretches of one stationary process would show: beyond about 4 either way, the
/// stream is not stationary. Effective sample sizes stand for the numbers of frames; where they are not known the frames
/// do, which makes the drift look larger than it is, and `isBiased` says so.
public struct ClimateDrift: Codable, Sendable, Equatable {
  public var name: String
  /// (m₂ − m₁) / √(v₁/n₁ + v₂/n₂).
  public var mean: Double
  /// ln(v₂/v₁) / √(2/n₁ + 2/n₂), exact for Gaussian values.
  public var variance: Double
  public var isBiased: Bool

  /// - Returns: nil for a window of a constant or of fewer than two values.
  public init?(
    from earlier: ObservableStatistics, frames before: Int, to later: ObservableStatistics, frames after: Int
  ) {
    guard before > 1, after > 1, earlier.variance > 0, later.variance > 0 else { return nil }
    name = later.name
    isBiased = earlier.effectiveSampleSize == nil || later.effectiveSampleSize == nil
    let n1 = max(2, earlier.effectiveSampleSize ?? Double(before))
    let n2 = max(2, later.effectiveSampleSize ?? Double(after))
    mean = (later.mean - earlier.mean) / (earlier.variance / n1 + later.variance / n2).squareRoot()
    variance = log(later.variance / earlier.variance) / (2 / n1 + 2 / n2).squareRoot()
  }

  /// Of every observable that both snapshots have.
  public static func between(_ earlier: ClimateSnapshot, _ later: ClimateSnapshot) -> [ClimateDrift] {
    later.observables.compactMap { now in
      earlier.observables.first { $0.name == now.name }.flatMap {
        ClimateDrift(from: $0, frames: earlier.frames, to: now, frames: later.frames)
      }
    }
  }
}
