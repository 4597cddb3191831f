extension RunEvent {
  /// Chart or table that an event belongs to, for those who keep the newest of each.
  public struct Topic: Hashable, Sendable {
    public var kind: String
    /// Section and title of a chart, the title of a table; empty for what there is once.
    public var place: [String]
    /// Names of the curves, in their order; empty for everything else.
    public var names: [String]

    /// The chart alone, whichever of its curves the event has.
    public var ofAllCurves: Topic { Topic(kind: kind, place: place, names: []) }
  }

  /// Curves of different names share a chart, and are kept each for themselves: those of the live stream beside those of
  /// the last verdict.
  public var topic: Topic {
    switch self {
    case .point(let chart, _, _), .image(let chart, _):
      Topic(kind: kind, place: [chart.section, chart.title], names: [])
    case .curves(let chart, let series):
      Topic(kind: kind, place: [chart.section, chart.title], names: series.map(\.name))
    case .row(let row): Topic(kind: kind, place: [row.table], names: [])
    case .progress, .graph, .message, .about: Topic(kind: kind, place: [], names: [])
    }
  }
}
