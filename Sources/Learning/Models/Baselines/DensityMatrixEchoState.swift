internal import CKernels
internal import Foundation
internal import Tensors
internal import Trajectories

/// `EchoStateNetwork` of a density matrix: random recurrent features of each site pair.
///
/// h' = (1 − a) h + a tanh(W ∗ [u / scales, h]), W a random 3 × 3 circular convolution that is never trained; the change
/// of u is linear in h' and the 3 × 3 surroundings of u / scales. Shared by all site pairs, so that it runs on lattices
/// of any even size.
struct DensityMatrixEchoState: SurrogateModel {
  typealias Configuration = EchoStateNetwork.Configuration

  let configuration: Configuration
  private let scales: FieldScales
  let layout: StateLayout?
  private let diagonal: [Float]
  private let offDiagonal: [Float]

  private init(
    _ configuration: Configuration, _ scales: FieldScales, _ layout: StateLayout?,
    readout: (diagonal: [Float], offDiagonal: [Float])
  ) {
    self.configuration = configuration
    self.scales = scales
    self.layout = layout
    (diagonal, offDiagonal) = readout
  }

  /// Readouts of all transitions of the windows after their warm-up, one a ridge.
  /// - Throws: `LearningError` of code `invalidData` when no window is longer than the warm-up.
  static func fits(
    to windows: [TrainingWindow], scales: FieldScales, ridges: [Double], configuration: Configuration = .init()
  ) throws -> [DensityMatrixEchoState] {
    try Self.check(configuration, scales)
    let features = Self.features(configuration)
    var readout = DensityMatrixReadout(features: features)
    let echo = Echo(configuration)
    for window in windows {
      let rollout = try Rollout(echo, window.layout, scales: scales, diagonal: [], offDiagonal: [])
      for step in 0..<window.steps {
        let before = window.state(step)
        rollout.observe(before)
        guard step >= configuration.warmUp else { continue }
        let after = window.state(step + 1)
        readout.add(
          rollout.features.pointer, geometry: rollout.planes, change: zip(after.values, before.values).map { $0 - $1 },
          scale: rollout.scale)
      }
    }
    return try ridges.map { ridge in
      var configuration = configuration
      configuration.ridge = ridge
      return DensityMatrixEchoState(
        configuration, scales, windows.first?.layout, readout: try readout.solve(ridge: ridge))
    }
  }

  init(_ file: Safetensors) throws {
    guard let json = file.metadata["holstream.echo"],
      let configuration = try? JSON.value(Configuration.self, json)
    else { throw LearningError(.checkpointMismatch, "the metadata entry holstream.echo is missing or cannot be read") }
    self.configuration = configuration
    (scales, diagonal, offDiagonal) = try file.readout(features: Self.features(configuration))
    layout = try file.decode(StateLayout.self, ModelFileKey.layout, name: "the file")
    try Self.check(configuration, scales)
  }

  /// The surroundings of four planes, then the hidden state.
  private static func features(_ configuration: Configuration) -> Int { 36 + configuration.channels }

  private static func check(_ configuration: Configuration, _ scales: FieldScales) throws {
    guard (1...4096).contains(configuration.channels), configuration.leak > 0, configuration.leak <= 1,
      configuration.warmUp >= 0, scales.isUsable
    else {
      throw LearningError(
        .invalidConfiguration,
        "an echo-state network needs 1 to 4096 channels, a leak above 0 and up to 1, a warm-up of at least 0 frames and "
          + "positive scales; got \(configuration)")
    }
  }

  var summary: String {
    "echo-state network, \(configuration.channels) features, \(diagonal.count + offDiagonal.count / 2) fitted parameters"
  }

  func predictor(for layout: StateLayout) throws -> any Predictor {
    try Rollout(
      Echo(configuration), layout, scales: scales, diagonal: diagonal,
      offDiagonal: offDiagonal)
  }

  func safetensors() throws -> Safetensors {
    var file = try Safetensors(
      readout: .echoState, scales: scales, layout: layout, diagonal: diagonal, offDiagonal: offDiagonal,
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
    let layout: StateLayout
    let planes: Planes
    private let echo: Echo
    /// 4 planes of the input, then C of the hidden state.
    private let memory: FloatBuffer
    private let drive: FloatBuffer
    let features: FloatBuffer
    private let inverse: [Float]
    let scale: [Float]
    private let diagonal: [Float]
    private let offDiagonal: [Float]

    init(_ echo: Echo, _ layout: StateLayout, scales: FieldScales, diagonal: [Float], offDiagonal: [Float]) throws {
      let sites = try layout.checkedMatrixSites(scales)
      let fields = layout.fields.map(\.name)
      self.layout = layout
      self.echo = echo
      planes = Planes(sites: sites, order: .rows)
      memory = FloatBuffer(count: (echo.configuration.channels + 4) * planes.stride + 2 * planes.slack)
      drive = FloatBuffer(count: echo.configuration.channels * planes.stride + 2 * planes.slack)
      features = FloatBuffer(count: DensityMatrixEchoState.features(echo.configuration) * planes.stride)
      inverse = scales.states(fields).map { 1 / $0 }
      scale = scales.increments(fields)
      self.diagonal = diagonal
      self.offDiagonal = offDiagonal
    }

    func observe(_ state: State<Float>) { listen(state.values) }

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

    func advance(_ state: inout State<Float>) {
      listen(state.values)
      state.values.withUnsafeMutableBufferPointer {
        DensityMatrixReadout.advance(
          $0.baseAddress!, features: features.pointer, count: DensityMatrixEchoState.features(echo.configuration),
          geometry: planes,
          diagonal: diagonal, offDiagonal: offDiagonal, scale: scale)
      }
    }
  }
}
