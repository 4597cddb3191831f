internal import Foundation
internal import Streams
internal import Synchronization
internal import Trajectories

/// What stands on the sites of a ring over time, as pictures: one for each series of the system, of one trajectory from its
/// beginning.
///
/// A page sees a frame now and then, and a picture needs them all: the source makes the trajectory again. That may cost a
/// hundredth of the time and no more, whatever the system is.
final class SpaceTimeMaps: Sendable {
  /// Frames of a picture: the first of a trajectory.
  static let mostFrames = 400
  private static let mostColumns = 160

  private struct State {
    var shown: Int?
    var due: ContinuousClock.Instant?
  }

  private let source: any TrajectorySource
  private let sites: Int
  private let state = Mutex(State())

  /// Nil for states that do not lie on a ring.
  init?(_ source: any TrajectorySource) {
    guard case .ring(let sites) = source.layout.domain, sites <= 4096 else { return nil }
    self.source = source
    self.sites = sites
  }

  /// The pictures of a trajectory, when it is another than the one that was shown last and some time has gone by.
  func events(of trajectory: Int, at now: ContinuousClock.Instant) -> [RunEvent] {
    state.withLock { state in
      guard state.shown != trajectory, state.due.map({ now >= $0 }) ?? true else { return [] }
      let begun = ContinuousClock.now
      let events = pictures(of: trajectory)
      state.due = now + max(.seconds(5), (ContinuousClock.now - begun) * 100)
      if !events.isEmpty { state.shown = trajectory }
      return events
    }
  }

  private func pictures(of trajectory: Int) -> [RunEvent] {
    let count = min(source.length(trajectory) ?? 0, Self.mostFrames)
    // What is not there yet, or no more, is not shown.
    guard count > 1, let frames = try? source.frames(of: trajectory, 0..<count), frames.count == count else {
      return []
    }
    let every = (count + Self.mostColumns - 1) / Self.mostColumns
    let columns = stride(from: 0, to: count, by: every).map { frames[$0] }
    let unit = source.timeUnit
    let end = columns[columns.count - 1].time + Double(every) * source.interval
    return source.system.siteSeries.map { series in
      let values = columns.map { series.values($0.state) }
      return .image(
        .init(
          section: "Live stream", title: "\(series.symbol) on the ring", subject: "trajectory \(trajectory)",
          x: .init("time", unit: unit.isEmpty ? nil : unit), y: .init("site")),
        .init(
          rows: sites, columns: columns.count,
          values: (0..<sites).flatMap { site in values.map { Self.rounded($0[site]) } }, value: .init(series.symbol),
          xRange: columns[0].time...max(end, columns[0].time), yRange: 0...Double(sites)))
    }
  }

  /// Three digits are more than colours can show, and keep the event short.
  private static func rounded(_ value: Double) -> Double {
    guard value.isFinite, value != 0 else { return value }
    let scale = pow(10, 2 - floor(log10(abs(value))))
    return scale.isFinite ? (value * scale).rounded() / scale : 0
  }
}
