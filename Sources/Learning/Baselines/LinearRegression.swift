internal import CKernels
internal import Tensors

/// The best linear local model: the change of each site pair as a linear function of its 3 × 3 surroundings.
///
/// What a network with one linear layer could learn, in closed form. Runs on lattices of any even size.
public struct LinearRegression: SurrogateModel {
  /// Nine neighbours of four planes.
  private static let features = 36
  private let scalars: DataScalars
  /// (4, 37) on the diagonal of ρ, and off it.
  private let diagonal: [Float]
  private let offDiagonal: [Float]

  /// Fits all transitions of the windows.
  ///
  /// - Parameter ridge: Added to the diagonal of the normal equations, relative to the features' mean square.
  /// - Throws: `LearningError` of code `invalidData` when there is too little data.
  public init(fitting windows: some Sequence<TrainingWindow>, scalars: DataScalars, ridge: Double = 1e-8) throws {
    guard scalars.isUsable else {
      throw LearningError(.invalidConfiguration, "every data scalar must be positive and finite, got \(scalars)")
    }
    var readout = LinearReadout(features: Self.features)
    for window in windows {
      let rollout = Rollout(sites: window.sites, scalars: scalars, diagonal: [], offDiagonal: [])
      for step in 0..<window.steps {
        let (before, after) = (window.state(step), window.state(step + 1))
        rollout.look(at: before.values)
        readout.add(
          rollout.features.pointer, geometry: rollout.planes, change: zip(after.values, before.values).map { $0 - $1 },
          scale: scalars.steps)
      }
    }
    (diagonal, offDiagonal) = try readout.solve(ridge: ridge)
    self.scalars = scalars
  }

  init(_ file: Safetensors) throws {
    (scalars, diagonal, offDiagonal) = try file.readout(features: Self.features)
  }

  public var summary: String { "linear regression, \(diagonal.count + offDiagonal.count / 2) parameters" }

  public func predictor(sites: Int) throws -> any Predictor {
    Rollout(sites: try NetworkModel.checked(sites), scalars: scalars, diagonal: diagonal, offDiagonal: offDiagonal)
  }

  public func safetensors() throws -> Safetensors {
    try Safetensors(
      readout: .linearRegression, scalars: scalars, diagonal: diagonal, offDiagonal: offDiagonal,
      features: Self.features)
  }

  private final class Rollout: Predictor {
    let sites: Int
    let planes: Planes
    let features: FloatBuffer
    private let input: FloatBuffer
    private let inverse: [Float]
    private let scale: [Float]
    private let diagonal: [Float]
    private let offDiagonal: [Float]

    init(sites: Int, scalars: DataScalars, diagonal: [Float], offDiagonal: [Float]) {
      self.sites = sites
      planes = Planes(sites: sites, order: .rows)
      input = FloatBuffer(count: 4 * planes.stride + 2 * planes.slack)
      features = FloatBuffer(count: LinearRegression.features * planes.stride)
      inverse = scalars.states.map { 1 / $0 }
      scale = scalars.steps
      self.diagonal = diagonal
      self.offDiagonal = offDiagonal
    }

    /// Fills the features of a state: each plane shifted by each tap.
    func look(at state: [Float]) {
      var g = planes.kernel
      let start = input.pointer + planes.slack
      holstream_embed(&g, state, inverse, start)
      planes.writeSurroundings(of: start, to: features.pointer)
    }

    func advance(_ state: inout SurrogateState) {
      look(at: state.values)
      state.values.withUnsafeMutableBufferPointer {
        LinearReadout.advance(
          $0.baseAddress!, features: features.pointer, count: LinearRegression.features, geometry: planes,
          diagonal: diagonal, offDiagonal: offDiagonal, scale: scale)
      }
    }
  }
}
