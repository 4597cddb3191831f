public import Trajectories

/// The statistics of a live stream over a window or with forgetting, its structure factors, and whether it drifts.
public struct MonitoredClimate: Sendable {
  public let names: [String]
  private var rolling: RollingClimate?
  private var fold: ClimateFold?
  private let window: Int
  private var structure = StructureFactor()
  private var domains = DomainGrowthFold()
  /// The last full window, and what changed in it against the one before.
  private var last: ClimateSnapshot?
  private var drift: [ClimateDrift]?

  /// - Parameter halfLife: Frames after which a frame counts half; the window alone bounds what is remembered when nil.
  public init(names: [String], window: Int, maximumLag: Int, halfLife: Double? = nil) {
    self.names = names
    self.window = window
    if let halfLife {
      fold = ClimateFold(names: names, maximumLag: maximumLag, halfLife: halfLife)
    } else {
      rolling = RollingClimate(names: names, window: window, maximumLag: maximumLag)
    }
  }

  /// Frames seen since the start.
  public var seen: Int { rolling?.seen ?? fold?.seen ?? 0 }

  /// Adds one frame of one trajectory; frames of a trajectory must come in order.
  /// - Parameters:
  ///   - sites: Numbers on every site of the domain, by name, for structure factors; `SystemDescription.siteSeries`.
  ///   - domain: What neighbours mean there.
  public mutating func add(
    trajectory: Int, values: [Double], sites: [String: [Double]] = [:], on domain: Domain = .none
  ) {
    rolling?.add(trajectory: trajectory, values: values)
    fold?.add(trajectory: trajectory, values: values)
    if !sites.isEmpty { structure.add(sites, on: domain) }
    // Only whole windows are compared, so that they share no frame.
    if let rolling, rolling.seen % window == 0 {
      let now = rolling.snapshot()
      if let last { drift = ClimateDrift.between(last, now) }
      last = now
    }
  }

  /// Adds one frame of a system: the observables that are watched, and what it has on its sites.
  public mutating func add(_ frame: Frame, of system: any SystemDescription, _ observables: [Observable]) {
    let series = system.siteSeries.map { ($0, $0.values(frame.state)) }
    add(
      trajectory: frame.trajectory, values: observables.map { $0.value(frame.state) },
      sites: Dictionary(series.map { ($0.0.name, $0.1) }, uniquingKeysWith: { first, _ in first }),
      on: system.layout.domain)
    domains.add(
      series.filter(\.0.isOrder).map { ($0.0.name, $0.1) }, index: frame.index, time: frame.time,
      on: system.layout.domain)
  }

  /// The statistics now; structure factors begin anew.
  /// - Parameter timeStep: Time between frames of a trajectory, for power spectra; none are computed when nil.
  public mutating func summary(timeStep: Double?) -> ClimateSnapshot {
    var snapshot = rolling?.snapshot(timeStep: timeStep) ?? fold!.snapshot()
    snapshot.drift = drift
    if structure.frames > 0 { snapshot.structure = structure }
    structure = StructureFactor()
    let growth = domains.growth
    if !growth.isEmpty { snapshot.domains = growth }
    return snapshot
  }
}
