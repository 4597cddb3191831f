public import Trajectories

extension ModelFamily {
  /// Random recurrent features with a fitted readout.
  public static let echoState = ModelFamily(rawValue: "echo-state")
}

/// An echo-state network: random recurrent features of the states that went by, and a linear readout that is fitted.
///
/// h' = (1 − a) h + a tanh(W [u / scales, h]) with W random and never trained. It has memory: show the predictor some
/// states with `observe` before a rollout.
///
/// Source: Jaeger and Haas, Science 304, 78 (2004); convolutional and local as in Pathak et al., Phys. Rev. Lett. 120,
/// 024102 (2018).
public struct EchoStateNetwork: SurrogateModel {
  public struct Configuration: Codable, Sendable, Equatable {
    /// Hidden features of each site pair.
    public var channels = 48
    /// Rate a at which the hidden state follows its drive.
    public var leak: Float = 0.5
    /// Bound on the gain of the recurrent part (the largest sum of magnitudes of a row), below 1 for echoes that fade.
    public var recurrence: Float = 0.5
    /// Size of the random weights of the input.
    public var drive: Float = 0.7
    /// Frames of a window that warm the hidden state up before the fit uses them.
    public var warmUp = 4
    public var ridge = 1e-6
    public var seed: UInt64 = 0

    public init() {}
  }

  private let base: any SurrogateModel

  /// Fits the readout to all transitions of the windows after their warm-up.
  /// - Throws: `LearningError` of code `invalidData` when no window is longer than the warm-up.
  public init(
    fitting windows: some Sequence<TrainingWindow>, scales: FieldScales, configuration: Configuration = .init()
  ) throws {
    base = try DensityMatrixEchoState(fitting: Array(windows), scales: scales, configuration: configuration)
  }

  init(_ file: Safetensors) throws { base = try DensityMatrixEchoState(file) }

  public var summary: String { base.summary }
  public var layout: StateLayout? { base.layout }
  public func predictor(for layout: StateLayout) throws -> any Predictor { try base.predictor(for: layout) }
  public func safetensors() throws -> Safetensors { try base.safetensors() }
}
