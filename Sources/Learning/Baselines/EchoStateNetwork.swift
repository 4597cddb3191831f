internal import CKernels
internal import Foundation
internal import Tensors

/// A convolutional echo-state network: random recurrent features of each site pair, and a linear readout that is fitted.
///
/// h' = (1 − a) h + a tanh(W ∗ [u / scales, h]), W a random 3 × 3 circular convolution that is never trained; the change
/// of u is linear in h' and the 3 × 3 surroundings of u / scales. Shared by all site pairs, so that it runs on lattices of any even size. It has
/// memory: show the predictor some states with `observe` before a rollout.
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

  public let configuration: Configuration
  private let scalars: DataScalars
  private let diagonal: [Float]
  private let offDiagonal: [Float]

  /// Fits the readout to all transitions of the windows after their warm-up.
  /// - Throws: `LearningError` of code `invalidData` when no window is longer than the warm-up.
  public init(
    fitting windows: some Sequence<TrainingWindow>, scalars: DataScalars, configuration: Configuration = .init()
  ) throws {
    try Self.check(configuration, scalars)
    let features = Self.features(configuration)
    var readout = LinearReadout(features: features)
    let echo = Echo(configuration)
    for window in windows {
      let rollout = Rollout(echo, sites: window.sites, scalars: scalars, diagonal: [], offDiagonal: [])
      for step in 0..<window.steps {
        let before = window.state(step)
        rollout.observe(before)
        guard step >= configuration.warmUp else { continue }
        let after = window.state(step + 1)
        readout.add(
          rollout.features.pointer, geometry: rollout.planes, change: zip(after.values, before.values).map { $0 - $1 },
          scale: scalars.steps)
      }
    }
    (diagonal, offDiagonal) = try readout.solve(ridge: configuration.ridge)
    self.configuration = configuration
    self.scalars = scalars
  }

  init(_ file: Safetensors) throws {
    guard let json = file.metadata["holstream.echo"],
      let configuration = try? JSONDecoder().decode(Configuration.self, from: Data(json.utf8))
    else { throw LearningError(.checkpointMismatch, "the metadata entry holstream.echo is missing or cannot be read") }
    self.configuration = configuration
    (scalars, diagonal, offDiagonal) = try file.readout(features: Self.features(configuration))
    try Self.check(configuration, scalars)
  }

  /// The surroundings of four planes, then the hidden state.
  private static func features(_ configuration: Configuration) -> Int { 36 + configuration.channels }

  private static func check(_ configuration: Configuration, _ scalars: DataScalars) throws {
    guard (1...4096).contains(configuration.channels), configuration.leak > 0, configuration.leak <= 1,
      configuration.warmUp >= 0, scalars.isUsable
    else {
      throw LearningError(
        .invalidConfiguration,
        "an echo-state network needs 1 to 4096 channels, a leak above 0 and up to 1, a warm-up of at least 0 frames and "
          + "positive data scalars; got \(configuration)")
    }
  }

  public var summary: String {
    "echo-state network, \(configuration.channels) features, \(diagonal.count + offDiagonal.count / 2) fitted parameters"
  }

  public func predictor(sites: Int) throws -> any Predictor {
    Rollout(
      Echo(configuration), sites: try NetworkModel.checked(sites), scalars: scalars, diagonal: diagonal,
      offDiagonal: offDiagonal)
  }

  public func safetensors() throws -> Safetensors {
    var file = try Safetensors(
      readout: .echoState, scalars: scalars, diagonal: diagonal, offDiagonal: offDiagonal,
      features: Self.features(configuration))
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    file.metadata["holstream.echo"] = String(decoding: try encoder.encode(configuration), as: UTF8.self)
    return file
  }

  /// The random convolution, (C, 4 + C, 3, 3) and (C), packed.
  private final class Echo {
    let configuration: Configuration
    let packed: FloatBuffer
    let bias: FloatBuffer

    init(_ configuration: Configuration) {
      self.configuration = configuration
      let c = configuration.channels
      var random = CounterRandom(seed: configuration.seed, purpose: .weights, trajectory: 1 << 20)
      var weights: [Float] = []
      for _ in 0..<c {
        var row = (0..<(9 * (c + 4))).map { _ in Float(random.normal()) }
        let input = configuration.drive / Float(36).squareRoot()
        let norm = row[36...].reduce(0) { $0 + abs($1) }
        for k in 0..<36 { row[k] *= input }
        for k in 36..<row.count { row[k] *= configuration.recurrence / norm }
        weights += row
      }
      packed = FloatBuffer(count: holstream_packed_count(Int32(c), Int32(c + 4), 9))
      holstream_pack(weights, Int32(c), Int32(c + 4), 9, packed.pointer)
      bias = FloatBuffer(count: c)
      bias.assign((0..<c).map { _ in 0.3 * Float(random.normal()) })
    }
  }

  private final class Rollout: Predictor {
    let sites: Int
    let planes: Planes
    private let echo: Echo
    /// 4 planes of the input, then C of the hidden state.
    private let memory: FloatBuffer
    private let drive: FloatBuffer
    let features: FloatBuffer
    private let inverse: [Float]
    private let scale: [Float]
    private let diagonal: [Float]
    private let offDiagonal: [Float]

    init(_ echo: Echo, sites: Int, scalars: DataScalars, diagonal: [Float], offDiagonal: [Float]) {
      self.sites = sites
      self.echo = echo
      planes = Planes(sites: sites, order: .rows)
      memory = FloatBuffer(count: (echo.configuration.channels + 4) * planes.stride + 2 * planes.slack)
      drive = FloatBuffer(count: echo.configuration.channels * planes.stride + 2 * planes.slack)
      features = FloatBuffer(count: EchoStateNetwork.features(echo.configuration) * planes.stride)
      inverse = scalars.states.map { 1 / $0 }
      scale = scalars.steps
      self.diagonal = diagonal
      self.offDiagonal = offDiagonal
    }

    func observe(_ state: SurrogateState) { listen(state.values) }

    private func listen(_ state: [Float]) {
      var g = planes.kernel
      let c = echo.configuration.channels
      let input = memory.pointer + planes.slack
      let hidden = input + 4 * planes.stride
      let driven = drive.pointer + planes.slack
      holstream_embed(&g, state, inverse, input)
      holstream_convolve(
        &g, input, Int32(c + 4), 9, echo.packed.pointer, echo.bias.pointer, nil, driven, Int32(c))
      holstream_tanh(&g, driven, Int32(c), driven)
      let leak = echo.configuration.leak
      for k in 0..<(c * planes.stride) { hidden[k] += leak * (driven[k] - hidden[k]) }
      holstream_fill_halo(&g, hidden, Int32(c))
      planes.writeSurroundings(of: input, to: features.pointer)
      (features.pointer + 36 * planes.stride).update(from: hidden, count: c * planes.stride)
    }

    func advance(_ state: inout SurrogateState) {
      listen(state.values)
      state.values.withUnsafeMutableBufferPointer {
        LinearReadout.advance(
          $0.baseAddress!, features: features.pointer, count: EchoStateNetwork.features(echo.configuration),
          geometry: planes,
          diagonal: diagonal, offDiagonal: offDiagonal, scale: scale)
      }
    }
  }
}
