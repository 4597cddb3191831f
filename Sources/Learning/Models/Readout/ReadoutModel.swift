internal import Trajectories

/// A model whose features are given and whose linear readout is fitted by least squares: the change of every place's
/// numbers is linear in features of its surroundings and of their past.
///
/// It is fitted without gradients: `ReadoutBackend` adds every window to sums of products and solves for the readout when
/// the weights are asked for. A family says what its features are.
protocol ReadoutModel: TrainableModel {
  /// Places, features and readouts of a configuration; nothing large is allocated.
  /// - Throws: `LearningError` of code `invalidConfiguration`.
  static func shape(_ configuration: ModelConfiguration) throws -> ReadoutShape

  /// The features of states that go by.
  /// - Throws: `LearningError` of code `invalidData` for states that the model cannot run on.
  func features(for layout: StateLayout) throws -> any ReadoutFeatures
}

/// Features of the frames that were observed. All memory is taken once.
protocol ReadoutFeatures: AnyObject {
  var surroundings: Surroundings { get }
  /// Features of a place.
  var count: Int { get }
  /// Which of the shape's readouts the frames seen so far allow.
  var level: Int { get }

  func observe(_ state: UnsafePointer<Float>)
  func forget()
  /// Writes a place's features after the last frame observed, (count).
  func write(_ place: Int, to features: UnsafeMutablePointer<Double>)
}

/// The numbers of a readout model.
struct ReadoutShape: Sendable {
  /// Features that are refused beyond: their sums are a square matrix.
  static let mostFeatures = 4096

  let surroundings: Surroundings
  /// Of a place.
  let features: Int
  /// For each readout which features it uses, in ascending order; the last uses all. The others serve while frames are
  /// still missing at the beginning of a trajectory.
  let supports: [[Int]]
  /// Least squares' α: ‖ΔX − W O‖² + α ‖W‖², with sums over the frames (not means).
  let ridge: Double
  /// Weight of a frame relative to the one after it.
  let forgetting: Double

  var levels: Int { supports.count }

  /// Adds the readouts: weights as the sum of two single-precision numbers, which make 48 bits.
  func addReadouts(to layout: inout ParameterLayout) {
    for kind in surroundings.kinds {
      for (level, support) in supports.enumerated() {
        for part in ["weight", "remainder"] {
          layout.add(name(kind, level) + part, shape: [kind.targets.count, support.count])
        }
      }
    }
  }

  private func name(_ kind: Surroundings.Kind, _ level: Int) -> String {
    "readout." + (kind.name.isEmpty ? "" : kind.name + ".") + (level == levels - 1 ? "" : "start\(level + 1).")
  }

  /// Where the readouts begin among the parameters: they are the last.
  func start(in layout: ParameterLayout) -> Int {
    layout.count
      - 2 * surroundings.kinds.reduce(0) { $0 + $1.targets.count } * supports.reduce(0) { $0 + $1.count }
  }

  /// The readouts of parameters in double precision: by kind and level (targets, support).
  func readouts(_ parameters: [Float], from start: Int) -> [[[Double]]] {
    var at = start
    return surroundings.kinds.map { kind in
      supports.map { support in
        let count = kind.targets.count * support.count
        defer { at += 2 * count }
        return (0..<count).map { Double(parameters[at + $0]) + Double(parameters[at + count + $0]) }
      }
    }
  }

  /// The reverse.
  func parameters(_ readouts: [[[Double]]]) -> [Float] {
    readouts.flatMap { levels in
      levels.flatMap { weights in
        let heads = weights.map { Float($0) }
        return heads + zip(weights, heads).map { Float($0 - Double($1)) }
      }
    }
  }
}

extension ReadoutModel {
  public static var takesEachWindowOnce: Bool { true }
  /// Of any layout, once it is known.
  public static func accepts(_ layout: StateLayout?) -> Bool { layout != nil }

  /// - Throws: `LearningError` of code `invalidConfiguration` for what no readout can be made from.
  static func layout(of configuration: ModelConfiguration) throws -> StateLayout {
    func fail(_ reason: String) -> LearningError { LearningError(.invalidConfiguration, reason) }
    let family = configuration.family.rawValue
    guard families.contains(configuration.family) else { throw fail("a \(family) is none of this model's families") }
    guard let layout = configuration.layout else {
      throw fail("the size of a model of the family \(family) is that of its states, whose layout is not known")
    }
    guard configuration.constraint == nil else { throw fail("the family \(family) cannot be constrained") }
    guard layout.fields.contains(where: { $0.role == .prognostic }) else { throw fail("no field evolves") }
    return layout
  }

  public static func sumsLayout(_ configuration: ModelConfiguration) throws -> ParameterLayout {
    ReadoutSums.layout(try shape(configuration))
  }

  public func predictor(for layout: StateLayout) throws -> any Predictor {
    ReadoutPredictor(try features(for: layout), try Self.shape(configuration), readouts: try readouts())
  }

  public func backend(_ options: TrainingOptions) throws -> any TrainingBackend {
    ReadoutBackend(
      parameters: parameters, options, shape: try Self.shape(configuration),
      start: try Self.shape(configuration).start(in: Self.parameterLayout(configuration)), readouts: try readouts(),
      memory: memory, features: features)
  }

  private func readouts() throws -> [[[Double]]] {
    let shape = try Self.shape(configuration)
    return shape.readouts(parameters, from: shape.start(in: try Self.parameterLayout(configuration)))
  }

  /// Weights that are fitted.
  var fittedCount: Int {
    (try? Self.shape(configuration)).map { shape in
      shape.surroundings.kinds.reduce(0) { $0 + $1.targets.count } * shape.features
    } ?? 0
  }
}
