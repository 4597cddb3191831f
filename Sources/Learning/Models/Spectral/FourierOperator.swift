public import Settings
internal import Tensors
public import Trajectories

/// A Fourier neural operator for fields on a ring: u' = u + s_Δ Q(v_L), v_{l+1} = gelu(K_l v_l + W_l v_l + b_l),
/// v_0 = P u / s.
///
/// K_l mixes the channels of each of the lowest Fourier modes by a complex matrix of its own; P, W and the two layers of Q
/// act at every site; the last K_l is followed by no function. A mode is a wavelength as a part of the ring, so that a
/// network belongs to its ring and refuses another. There are no coordinates among the inputs: a shifted state gives the
/// shifted prediction.
///
/// Source: Li et al., Fourier Neural Operator for Parametric Partial Differential Equations, arXiv 2010.08895, as in the
/// program that accompanies it. With `constrain: flux` the mean mode of every change is zero, which keeps the sums.
public struct FourierOperator: TrainableModel {
  public static let families = [ModelFamily.fno]
  static let mostPlanes = 1024
  static let mostParameters = 1 << 26

  public let configuration: ModelConfiguration
  /// All parameters in the order of `parameterLayout`.
  public let parameters: [Float]

  public init(configuration: ModelConfiguration, parameters: [Float]) throws {
    try configuration.check(parameters, of: Self.parameterLayout(configuration))
    self.configuration = configuration
    self.parameters = parameters
  }

  public static func accepts(_ layout: StateLayout?) -> Bool { layout?.latticeShape(most: mostPlanes)?.rank == 1 }

  public static func canLearn(_ target: LearningTarget) -> Bool { target != .force }

  public static func settings(_ section: ConfigurationSection) -> [String: Attribute] {
    FourierOperatorSettings(section).attributes
  }

  public static func parameterLayout(_ configuration: ModelConfiguration) throws -> ParameterLayout {
    func fail(_ reason: String) -> LearningError { LearningError(.invalidConfiguration, reason) }
    let settings = try FourierOperatorSettings(configuration)
    guard families.contains(configuration.family), let layout = configuration.layout, accepts(layout),
      let planes = layout.latticeShape(most: mostPlanes)?.planes, let sites = layout.domain.sites
    else {
      throw fail("an fno is for fields on a ring, not for \(configuration.layout?.summary ?? "unknown states")")
    }
    guard configuration.constraint?.isOfMatrices != true else {
      throw fail("only a density matrix can be constrained by its eigenvalues or trace; `constrain: flux` keeps sums")
    }
    guard settings.modes <= sites / 2 + 1 else {
      throw fail("a ring of \(sites) sites has \(sites / 2 + 1) Fourier modes; lower modes from \(settings.modes)")
    }
    let count = settings.layers * 2 * settings.modes * settings.width * settings.width
    guard count <= mostParameters else {
      throw fail(
        "an fno of width \(settings.width), \(settings.modes) modes and \(settings.layers) layers would have \(count) "
          + "parameters, more than \(mostParameters); lower width, modes or layers")
    }
    return layers(settings, planes: planes)
  }

  private static func layers(_ settings: FourierOperatorSettings, planes: Int) -> ParameterLayout {
    var layout = ParameterLayout()
    func add(_ name: String, _ inputs: Int, _ outputs: Int) {
      layout.add("\(name).weight", shape: [inputs, outputs])
      layout.add("\(name).bias", shape: [outputs])
    }
    add("lifting", planes, settings.width)
    for layer in 0..<settings.layers {
      layout.add("layers.\(layer).modes", shape: [settings.modes, 2, settings.width, settings.width])
      add("layers.\(layer)", settings.width, settings.width)
    }
    add("projection.0", settings.width, settings.projection)
    add("projection.1", settings.projection, planes)
    return layout
  }

  /// Glorot-uniform matrices, zero biases; real and imaginary parts of the modes' matrices uniform in ±√(3 / 4 inputs), which
  /// halves the power of a mode; a last layer of zeros where the configuration says so.
  public static func initialParameters(_ configuration: ModelConfiguration, seed: UInt64) throws -> [Float] {
    let settings = try FourierOperatorSettings(configuration)
    let layout = try parameterLayout(configuration)
    var values = [Float](repeating: 0, count: layout.count)
    for (index, tensor) in layout.tensors.enumerated() where tensor.shape.count > 1 {
      if tensor.name == "projection.1.weight" && settings.zeroInitialisedOutput { continue }
      let isSpectral = tensor.shape.count == 4
      let bound =
        isSpectral
        ? (3 / (4 * Double(settings.width))).squareRoot() : (6 / Double(tensor.shape.reduce(0, +))).squareRoot()
      var random = CounterRandom(seed: seed, purpose: .weights, trajectory: UInt64(index))
      for k in 0..<tensor.count { values[tensor.offset + k] = Float(bound * (2 * random.uniform() - 1)) }
    }
    return values
  }

  public var summary: String {
    let settings = try? FourierOperatorSettings(configuration)
    return
      "fno of \(settings?.layers ?? 0) layers, width \(settings?.width ?? 0), \(settings?.modes ?? 0) modes, "
      + "\(parameters.count) parameters"
  }

  public func predictor(for layout: StateLayout) throws -> any Predictor {
    TapePredictor(try step(for: layout), parameters: parameters).rollout(configuration)
  }

  public func backend(_ options: TrainingOptions) throws -> any TrainingBackend {
    TapeBackend(parameters: parameters, options, step: step)
  }

  /// - Throws: `LearningError` of code `invalidData` for states of other fields, or on another ring.
  func step(for layout: StateLayout) throws -> TapeStep {
    guard let own = configuration.layout, layout.fields == own.fields, layout.domain == own.domain,
      let embedding = StateEmbedding.grid(layout)
    else {
      throw LearningError(
        .invalidData,
        "the fno was made for states of \(configuration.layout?.summary ?? "unknown fields"), whose wavelengths are its "
          + "own, and cannot take others, such as \(layout.summary)")
    }
    return TapeStep(
      embedding, scales: configuration.scales, learns: configuration.learns,
      network: FourierNetwork(
        layers: try FourierOperatorSettings(configuration).layers, keepsSums: configuration.constraint == .flux,
        tensors: try Self.parameterLayout(configuration).tensors))
  }
}

/// The network between the scales.
private struct FourierNetwork: TapeNetwork {
  let layers: Int
  let keepsSums: Bool
  /// In the order of `FourierOperator.parameterLayout`.
  let tensors: [ParameterTensor]

  func record(_ planes: Tape.Node, masks: Tape.Node?, on tape: inout Tape) -> Tape.Node {
    func dense(_ x: Tape.Node, _ at: Int, on tape: inout Tape) -> Tape.Node {
      tape.add(tape.matmul(x, tape.parameter(tensors[at])), tape.parameter(tensors[at + 1]))
    }
    var v = dense(planes, 0, on: &tape)
    for layer in 0..<layers {
      let at = 2 + 3 * layer
      let mixed = tape.spectralConvolve(v, tape.parameter(tensors[at]))
      v = tape.add(mixed, dense(v, at + 1, on: &tape))
      if layer < layers - 1 { v = tape.gelu(v) }
    }
    let at = 2 + 3 * layers
    let change = dense(tape.gelu(dense(v, at, on: &tape)), at + 2, on: &tape)
    guard keepsSums else { return change }
    return tape.subtract(change, tape.expand(tape.mean(change, axis: 1), axis: 1, count: change.shape.axes[1]))
  }
}
