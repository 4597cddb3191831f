/// What a run tells whoever watches it: the page, the report.
public enum RunEvent: Codable, Sendable {
  /// A named line of a chart, equally spaced.
  public struct Series: Codable, Sendable, Equatable {
    public var name: String
    public var start: Double
    public var step: Double
    public var values: [Double]

    public init(name: String, start: Double = 0, step: Double, values: [Double]) {
      self.name = name
      self.start = start
      self.step = step
      self.values = values
    }
  }

  /// Numbers of one training step, such as `loss` and `learning rate`.
  case training(step: Int, values: [String: Double])
  /// Observables of one frame of the live stream.
  case frame(trajectory: Int, time: Double, values: [String: Double])
  /// Truth and rollout of one evaluated checkpoint, by observable.
  case rollout(checkpoint: String, step: Int, truth: [Series], model: [Series])
  /// Autocorrelation and the like of the live stream.
  case climate(series: [Series], values: [String: Double])
  /// The verdict on a checkpoint: a row of a table.
  case verdict(checkpoint: String, step: Int, values: [String: Double], words: String)
  case graph(GraphSnapshot, bottleneck: String)
  case message(String)

  /// Chart or table that the event belongs to, for those who keep the newest of each.
  public var topic: String {
    switch self {
    case .training: "training"
    case .frame: "frame"
    case .rollout: "rollout"
    case .climate: "climate"
    case .verdict: "verdict"
    case .graph: "graph"
    case .message: "message"
    }
  }
}
