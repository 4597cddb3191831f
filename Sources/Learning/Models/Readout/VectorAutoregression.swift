public import Settings
public import Trajectories

/// Nonlinear vector autoregression, also called next-generation reservoir computing: u' = u + W O, where O are all
/// products of up to `order` of the numbers of the last `taps` frames.
///
/// On a ring, a square or a density matrix the numbers are those of a place and its neighbours, and W is the same for all
/// places. Frames before the first of a trajectory are not made up: until enough were seen, a readout of those that there
/// are is used, which was fitted from the same sums.
///
/// Source: Gauthier, Bollt, Griffith and Barbosa, Nature Communications 12, 5564 (2021); with one readout for all places,
/// Barbosa and Gauthier, Chaos 32, 093137 (2022).
public struct VectorAutoregression: ReadoutModel {
  public static let families = [ModelFamily.nvar]

  public let configuration: ModelConfiguration
  public let parameters: [Float]

  public init(configuration: ModelConfiguration, parameters: [Float]) throws {
    try configuration.check(parameters, of: Self.parameterLayout(configuration))
    self.configuration = configuration
    self.parameters = parameters
  }

  public static func settings(_ section: ConfigurationSection) -> [String: Attribute] {
    VectorAutoregressionSettings(section).attributes
  }

  public static func memory(_ configuration: ModelConfiguration) throws -> Int {
    try VectorAutoregressionSettings(configuration).memory
  }

  static func shape(_ configuration: ModelConfiguration) throws -> ReadoutShape {
    let settings = try VectorAutoregressionSettings(configuration)
    let layout = try layout(of: configuration)
    let surroundings = try surroundings(layout, settings)
    let monomials = Monomials(
      inputs: surroundings.count * settings.taps, order: settings.order, isOdd: settings.isOdd)
    return ReadoutShape(
      surroundings: surroundings, features: monomials.count,
      supports: (1...settings.taps).map { monomials.support(firstInputs: $0 * surroundings.count) },
      ridge: settings.ridge, forgetting: settings.forgetting)
  }

  /// - Throws: `LearningError` of code `invalidConfiguration` when there would be too many features.
  private static func surroundings(
    _ layout: StateLayout, _ settings: VectorAutoregressionSettings
  ) throws -> Surroundings {
    // Before neighbours are listed: a vector has none, and a lattice few channels.
    let most = ReadoutShape.mostFeatures
    let channels = layout.densityMatrixSites != nil ? 4 : layout.count / max(layout.gridExtent?.reduce(1, *) ?? 1, 1)
    func fail(_ inputs: Int) -> LearningError {
      LearningError(
        .invalidConfiguration,
        "products of up to \(settings.order) of \(inputs) numbers (\(settings.taps) frames of what a place of "
          + "\(layout.summary) sees) are more than \(most) features; lower order, taps or radius")
    }
    guard channels * settings.taps <= most else { throw fail(channels * settings.taps) }
    let found = Surroundings(layout, radius: settings.radius)
    let inputs = found.count * settings.taps
    guard Monomials.count(inputs: inputs, order: settings.order, isOdd: settings.isOdd, limit: most) != nil else {
      throw fail(inputs)
    }
    return found
  }

  public static func parameterLayout(_ configuration: ModelConfiguration) throws -> ParameterLayout {
    var layout = ParameterLayout()
    try shape(configuration).addReadouts(to: &layout)
    return layout
  }

  /// Zeros: before it has learnt anything, nothing changes.
  public static func initialParameters(_ configuration: ModelConfiguration, seed: UInt64) throws -> [Float] {
    Array(repeating: 0, count: try parameterLayout(configuration).count)
  }

  public var summary: String {
    guard let settings = try? VectorAutoregressionSettings(configuration), let shape = try? Self.shape(configuration)
    else { return "nvar" }
    return "nvar of order \(settings.order), \(settings.taps) taps, \(shape.features) features, \(fittedCount) weights"
  }

  func features(for layout: StateLayout) throws -> any ReadoutFeatures {
    let settings = try VectorAutoregressionSettings(configuration)
    let own = Surroundings(try Self.layout(of: configuration), radius: settings.radius)
    return VectorAutoregressionFeatures(
      try own.matching(layout, radius: settings.radius), settings, scales: configuration.scales)
  }
}

/// Products of the numbers of the last frames.
final class VectorAutoregressionFeatures: ReadoutFeatures {
  let surroundings: Surroundings
  private let monomials: Monomials
  private let settings: VectorAutoregressionSettings
  /// (S).
  private let inputScale: [Double]
  /// (memory + 1, channels, places), a ring of the last frames.
  private let history: UnsafeMutablePointer<Double>
  private let inputs: UnsafeMutablePointer<Double>
  private let scratch: UnsafeMutablePointer<Double>
  private let frames: Int
  /// Numbers of a frame's planes, and what a place sees of one.
  private let size: Int
  private let width: Int
  private var seen = 0

  init(_ surroundings: Surroundings, _ settings: VectorAutoregressionSettings, scales: FieldScales) {
    self.surroundings = surroundings
    self.settings = settings
    monomials = Monomials(inputs: surroundings.count * settings.taps, order: settings.order, isOdd: settings.isOdd)
    let layout = surroundings.layout
    let states = scales.states(layout.fields.map(\.name)).map { settings.isScaled ? 1 / Double($0) : 1 }
    inputScale = zip(layout.fields, states).flatMap { Array(repeating: $1, count: $0.count) }
    frames = settings.memory + 1
    size = surroundings.embedding.count
    width = surroundings.count
    func memory(_ count: Int) -> UnsafeMutablePointer<Double> {
      let memory = UnsafeMutablePointer<Double>.allocate(capacity: max(count, 1))
      memory.initialize(repeating: 0, count: max(count, 1))
      return memory
    }
    history = memory(frames * size)
    inputs = memory(monomials.inputs)
    scratch = memory(monomials.scratchCount)
  }

  deinit {
    history.deallocate()
    inputs.deallocate()
    scratch.deallocate()
  }

  var count: Int { monomials.count }
  var level: Int { min(settings.taps, (max(seen, 1) - 1) / settings.stride + 1) - 1 }

  func forget() { seen = 0 }

  func observe(_ state: UnsafePointer<Float>) {
    surroundings.embed(state, scale: inputScale, into: history + seen % frames * size)
    seen += 1
  }

  func write(_ place: Int, to features: UnsafeMutablePointer<Double>) {
    let known = level
    for tap in 0..<settings.taps {
      let target = inputs + tap * width
      if tap > known {
        target.update(repeating: 0, count: width)
      } else {
        surroundings.gather(history + (seen - 1 - tap * settings.stride) % frames * size, place, into: target)
      }
    }
    monomials.write(inputs, scratch: scratch, to: features)
  }
}
