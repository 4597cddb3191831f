public import Trajectories

extension ModelFamily {
  /// Linear in the surroundings of each place.
  public static let linearRegression = ModelFamily(rawValue: "linear-regression")
}

/// The best linear local model: what a network with one linear layer could learn, in closed form.
public struct LinearRegression: SurrogateModel {
  private let base: any SurrogateModel

  /// Fits all transitions of the windows.
  ///
  /// - Parameter ridge: Added to the diagonal of the normal equations, relative to the features' mean square.
  /// - Throws: `LearningError` of code `invalidData` when there is too little data.
  public init(fitting windows: some Sequence<TrainingWindow>, scales: FieldScales, ridge: Double = 1e-8) throws {
    base = try DensityMatrixRegression(fitting: Array(windows), scales: scales, ridge: ridge)
  }

  init(_ file: Safetensors) throws { base = try DensityMatrixRegression(file) }

  public var summary: String { base.summary }
  public var layout: StateLayout? { base.layout }
  public func predictor(for layout: StateLayout) throws -> any Predictor { try base.predictor(for: layout) }
  public func safetensors() throws -> Safetensors { try base.safetensors() }
}
