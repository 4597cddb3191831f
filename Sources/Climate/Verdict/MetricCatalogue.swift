public import Settings

/// All metrics there are: a new one is a file and a line here.
public enum MetricCatalogue {
  /// In the order in which scores are listed; distances of single observables are listed observable by observable.
  public static let all: [any Metric.Type] = [
    RootMeanSquareError.self,
    LargestError.self,
    ValidTimeMetric.self,
    Survival.self,
    Invariants.self,
    WassersteinDistance.self,
    AutocorrelationDistance.self,
    SmoothedSpectrumDistance.self,
    PlainSpectrumDistance.self,
    BinnedStateSpace.self,
    MixtureStateSpace.self,
    CorrelationDistance.self,
  ]
}

/// The metrics that are on, as `metrics:` sets them.
public struct Metrics: Sendable {
  public let all: [any Metric]

  public init(_ all: [any Metric]) { self.all = all }

  /// Reads and declares the settings of every metric: a section each, with `on:` to leave it out.
  public init(_ section: ConfigurationSection) {
    all = MetricCatalogue.all.compactMap { type in
      let settings = section.section(type.word, type.summary)
      let isOn = settings.flag("on", default: true, "Whether it is computed")
      let metric = type.init(settings)
      return isOn ? metric : nil
    }
  }

  /// All of the catalogue, as they are without other word.
  public static let standard = Metrics(ConfigurationSection.listing())

  var ofObservables: [any ObservableDistance] { all.compactMap { $0 as? any ObservableDistance } }
  var ofStateSpace: [any StateSpaceDistance] { all.compactMap { $0 as? any StateSpaceDistance } }
  /// Those that a comparison of climates does not have.
  var others: [any Metric] { all.filter { !($0 is any ObservableDistance) && !($0 is any StateSpaceDistance) } }
  /// Longest lag of the autocorrelation, when it is set.
  var lag: Int? { all.lazy.compactMap { ($0 as? AutocorrelationDistance)?.lag }.first }
}
