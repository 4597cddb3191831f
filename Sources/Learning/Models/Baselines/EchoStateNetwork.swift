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
    /// Hidden features of each place; of a state without neighbours eight times as many in all.
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

    /// Hidden features of each place.
    func units(of layout: StateLayout) -> Int { StateEmbedding(layout).kind == .vector ? 8 * channels : channels }

    func check() throws {
      guard (1...4096).contains(channels), leak > 0, leak <= 1, warmUp >= 0 else {
        throw LearningError(
          .invalidConfiguration,
          "an echo-state network needs 1 to 4096 channels, a leak above 0 and up to 1 and a warm-up of at least 0 "
            + "frames; got \(self)")
      }
    }
  }

  private let base: any SurrogateModel

  /// Fits the readout to all transitions of the windows after their warm-up.
  /// - Throws: `LearningError` of code `invalidData` when no window is longer than the warm-up.
  public init(
    fitting windows: some Sequence<TrainingWindow>, scales: FieldScales, configuration: Configuration = .init()
  ) throws {
    self = try Self.fits(
      to: windows, scales: scales, ridges: [configuration.ridge], configuration: configuration)[0]
  }

  private init(_ base: any SurrogateModel) { self.base = base }

  /// One model a ridge, which takes the place of the configuration's, from one pass over the windows.
  /// - Throws: As above.
  public static func fits(
    to windows: some Sequence<TrainingWindow>, scales: FieldScales, ridges: [Double],
    configuration: Configuration = .init()
  ) throws -> [EchoStateNetwork] {
    let windows = Array(windows)
    let bases: [any SurrogateModel] =
      windows.first?.layout.densityMatrixSites == nil
      ? try StencilModel.fits(to: windows, scales: scales, ridges: ridges, echo: configuration)
      : try DensityMatrixEchoState.fits(to: windows, scales: scales, ridges: ridges, configuration: configuration)
    return bases.map { EchoStateNetwork($0) }
  }

  init(_ file: Safetensors) throws {
    let stencil: (any SurrogateModel)? = try StencilModel(file)
    base = try stencil ?? DensityMatrixEchoState(file)
  }

  public var memory: Int { 8 }
  public var summary: String { base.summary }
  public var layout: StateLayout? { base.layout }
  public func predictor(for layout: StateLayout) throws -> any Predictor { try base.predictor(for: layout) }
  public func safetensors() throws -> Safetensors { try base.safetensors() }
}
