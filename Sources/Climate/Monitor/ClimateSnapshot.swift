/// What a rolling climate knows at one instant.
public struct ClimateSnapshot: Codable, Sendable, Equatable {
  /// Frames in the window.
  public var frames: Int
  /// Frames since the start.
  public var seen: Int
  public var observables: [ObservableStatistics]
  /// Power spectral densities of the window's trajectories, by observable, when they are asked for.
  public var spectra: [String: PowerSpectrum]?
  /// Structure factors of what came since the last summary, when frames of a lattice come.
  public var structure: StructureFactor?
  /// Correlations of order parameters against time since the start, over all trajectories, when frames of a lattice that
  /// orders come.
  public var domains: [DomainGrowth]?
  /// What has changed since the window before this one, once there was one.
  public var drift: [ClimateDrift]?

  init(frames: Int, seen: Int, observables: [ObservableStatistics]) {
    self.frames = frames
    self.seen = seen
    self.observables = observables
  }

  /// Every number by its name, such as `deltaRho mean`: what thresholds are set on.
  public var numbers: [String: Double] {
    var numbers: [String: Double] = [:]
    for o in observables {
      numbers["\(o.name) mean"] = o.mean
      numbers["\(o.name) variance"] = o.variance
      numbers["\(o.name) minimum"] = o.minimum
      numbers["\(o.name) maximum"] = o.maximum
      numbers["\(o.name) not finite"] = Double(o.notFinite)
      numbers["\(o.name) autocorrelation time"] = o.autocorrelationTime
    }
    for d in domains ?? [] { numbers["\(d.name) domain size"] = d.lengths.last ?? .nan }
    for d in drift ?? [] {
      numbers["\(d.name) drift of mean"] = abs(d.mean)
      numbers["\(d.name) drift of variance"] = abs(d.variance)
    }
    return numbers
  }
}
