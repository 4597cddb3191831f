public import Trajectories

extension ModelFamily {
  /// Linear in the surroundings of each place.
  public static let linearRegression = ModelFamily(rawValue: "linear-regression")
}

/// The best linear local model: what a network with one linear layer could learn, in closed form.
///
/// The change of the numbers of a place is linear in those of its neighbours: 3 × 3 site pairs of a density matrix, five
/// sites of a ring, nine of a square. Of a state without neighbours each number's change is linear in all others.
public struct LinearRegression: SurrogateModel {
  private let base: any SurrogateModel

  /// Fits all transitions of the windows.
  ///
  /// - Parameter ridge: Added to the diagonal of the normal equations, relative to the features' mean square.
  /// - Throws: `LearningError` of code `invalidData` when there is too little data.
  public init(fitting windows: some Sequence<TrainingWindow>, scales: FieldScales, ridge: Double = 1e-8) throws {
    self = try Self.fits(to: windows, scales: scales, ridges: [ridge])[0]
  }

  private init(_ base: any SurrogateModel) { self.base = base }

  /// One model a ridge, from one pass over the windows.
  /// - Throws: As above.
  public static func fits(
    to windows: some Sequence<TrainingWindow>, scales: FieldScales, ridges: [Double]
  ) throws -> [LinearRegression] {
    let windows = Array(windows)
    let bases: [any SurrogateModel] =
      windows.first?.layout.densityMatrixSites == nil
      ? try StencilModel.fits(to: windows, scales: scales, ridges: ridges)
      : try DensityMatrixRegression.fits(to: windows, scales: scales, ridges: ridges)
    return bases.map { LinearRegression($0) }
  }

  init(_ file: Safetensors) throws {
    let stencil: (any SurrogateModel)? = try StencilModel(file)
    base = try stencil ?? DensityMatrixRegression(file)
  }

  public var summary: String { base.summary }
  public var layout: StateLayout? { base.layout }
  public func predictor(for layout: StateLayout) throws -> any Predictor { try base.predictor(for: layout) }
  public func safetensors() throws -> Safetensors { try base.safetensors() }
}
