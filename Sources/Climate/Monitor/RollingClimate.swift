internal import DequeModule

/// Statistics of named observables of a live stream over a sliding window of frames, in bounded memory.
public struct RollingClimate: Sendable {
  public let names: [String]
  /// Frames, over all trajectories, that the statistics are over.
  public let window: Int
  public let maximumLag: Int
  /// Frames seen since the start.
  public private(set) var seen = 0
  private var samples: Deque<Sample> = []

  private struct Sample: Sendable {
    let trajectory: Int
    let values: [Double]
  }

  public init(names: [String], window: Int, maximumLag: Int) {
    precondition(window > 0 && maximumLag >= 0 && !names.isEmpty, "a rolling climate needs observables and a window")
    self.names = names
    self.window = window
    self.maximumLag = maximumLag
  }

  /// Adds one frame of one trajectory; frames of a trajectory must come in order.
  public mutating func add(trajectory: Int, values: [Double]) {
    precondition(values.count == names.count, "expected \(names.count) observables, got \(values.count)")
    samples.append(Sample(trajectory: trajectory, values: values))
    seen += 1
    if samples.count > window { samples.removeFirst() }
  }

  /// The statistics of the window now.
  /// - Parameter timeStep: Time between frames of a trajectory, for power spectra; none are computed when nil.
  public func snapshot(timeStep: Double? = nil) -> ClimateSnapshot {
    var spectra: [String: PowerSpectrum] = [:]
    let observables = names.indices.map { index -> ObservableStatistics in
      var series: [Int: [Double]] = [:]
      for sample in samples { series[sample.trajectory, default: []].append(sample.values[index]) }
      // Trajectories that the window holds whole, or to the same depth; a few frames of one say nothing about lags.
      let longest = series.values.map(\.count).max() ?? 0
      let deep = series.sorted { $0.key < $1.key }.map(\.value).filter { $0.count * 2 > longest }
      if let timeStep { spectra[names[index]] = PowerSpectrum(deep, timeStep: timeStep) }
      return ObservableStatistics(
        name: names[index], values: samples.map { $0.values[index] },
        autocorrelation: Autocorrelation.ensemble(deep, maximumLag: maximumLag), trajectories: deep.count)
    }
    var snapshot = ClimateSnapshot(frames: samples.count, seen: seen, observables: observables)
    if timeStep != nil { snapshot.spectra = spectra }
    return snapshot
  }
}
