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
  public func snapshot() -> ClimateSnapshot {
    ClimateSnapshot(
      frames: samples.count, seen: seen,
      observables: names.indices.map { index in
        var series: [Int: [Double]] = [:]
        for sample in samples { series[sample.trajectory, default: []].append(sample.values[index]) }
        // Trajectories that the window holds whole, or to the same depth; a few frames of one say nothing about lags.
        let longest = series.values.map(\.count).max() ?? 0
        let deep = series.values.filter { $0.count * 2 > longest }
        return ObservableStatistics(
          name: names[index], values: samples.map { $0.values[index] },
          autocorrelation: Autocorrelation.ensemble(deep, maximumLag: maximumLag), trajectories: deep.count)
      })
  }
}

/// What a rolling climate knows at one instant.
public struct ClimateSnapshot: Codable, Sendable, Equatable {
  /// Frames in the window.
  public var frames: Int
  /// Frames since the start.
  public var seen: Int
  public var observables: [ObservableStatistics]
}

/// One observable's statistics over a window.
public struct ObservableStatistics: Codable, Sendable, Equatable {
  public var name: String
  public var mean: Double
  public var variance: Double
  public var minimum: Double
  public var maximum: Double
  /// Values that are not finite: they are counted, and nothing else is computed from them.
  public var notFinite: Int
  /// Counts in 32 bins from minimum to maximum.
  public var histogram: [Int]
  /// A(l) from lag 0, in frames.
  public var autocorrelation: [Double]
  /// Integrated autocorrelation time in frames, when the lags suffice to tell.
  public var autocorrelationTime: Double?
  /// Frames divided by 2 τ, when τ is known.
  public var effectiveSampleSize: Double?
  public var trajectories: Int

  init(name: String, values: [Double], autocorrelation: [Double], trajectories: Int) {
    self.name = name
    let finite = values.filter(\.isFinite)
    notFinite = values.count - finite.count
    let count = Double(max(1, finite.count))
    let mean = finite.reduce(0, +) / count
    self.mean = mean
    variance = finite.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
    let low = finite.min() ?? 0
    let high = finite.max() ?? 0
    minimum = low
    maximum = high
    var histogram = [Int](repeating: 0, count: 32)
    if high > low { for value in finite { histogram[min(31, Int((value - low) / (high - low) * 32))] += 1 } }
    self.histogram = histogram
    self.autocorrelation = autocorrelation
    autocorrelationTime = Autocorrelation.integratedTime(autocorrelation)
    effectiveSampleSize = autocorrelationTime.map { Double(finite.count) / (2 * $0) }
    self.trajectories = trajectories
  }
}
