internal import CKernels
internal import Tensors
internal import Trajectories

/// `LinearRegression` of a density matrix: the change of each site pair as a linear function of its 3 × 3 surroundings.
///
/// Runs on lattices of any even size.
struct DensityMatrixRegression: SurrogateModel {
  /// Nine neighbours of four planes.
  private static let features = 36
  private let scales: FieldScales
  let layout: StateLayout?
  /// (4, 37) on the diagonal of ρ, and off it.
  private let diagonal: [Float]
  private let offDiagonal: [Float]

  private init(
    _ scales: FieldScales, _ layout: StateLayout?, readout: (diagonal: [Float], offDiagonal: [Float])
  ) {
    self.scales = scales
    self.layout = layout
    (diagonal, offDiagonal) = readout
  }

  /// Fits all transitions of the windows, once a ridge.
  ///
  /// - Parameter ridges: Added to the diagonal of the normal equations, relative to the features' mean square.
  /// - Throws: `LearningError` of code `invalidData` when there is too little data.
  static func fits(
    to windows: [TrainingWindow], scales: FieldScales, ridges: [Double]
  ) throws -> [DensityMatrixRegression] {
    guard scales.isUsable else {
      throw LearningError(.invalidConfiguration, "every scale must be positive and finite, got \(scales)")
    }
    var readout = DensityMatrixReadout(features: Self.features)
    for window in windows {
      let rollout = try Rollout(window.layout, scales: scales, diagonal: [], offDiagonal: [])
      for step in 0..<window.steps {
        let (before, after) = (window.state(step), window.state(step + 1))
        rollout.look(at: before.values)
        readout.add(
          rollout.features.pointer, geometry: rollout.planes, change: zip(after.values, before.values).map { $0 - $1 },
          scale: rollout.scale)
      }
    }
    return try ridges.map {
      DensityMatrixRegression(scales, windows.first?.layout, readout: try readout.solve(ridge: $0))
    }
  }

  init(_ file: Safetensors) throws {
    (scales, diagonal, offDiagonal) = try file.readout(features: Self.features)
    layout = try file.decode(StateLayout.self, ModelFileKey.layout, name: "the file")
  }

  var summary: String { "linear regression, \(diagonal.count + offDiagonal.count / 2) parameters" }

  func predictor(for layout: StateLayout) throws -> any Predictor {
    try Rollout(layout, scales: scales, diagonal: diagonal, offDiagonal: offDiagonal)
  }

  func safetensors() throws -> Safetensors {
    try Safetensors(
      readout: .linearRegression, scales: scales, layout: layout, diagonal: diagonal, offDiagonal: offDiagonal,
      features: Self.features)
  }

  private final class Rollout: Predictor {
    let layout: StateLayout
    let planes: Planes
    let features: FloatBuffer
    private let input: FloatBuffer
    private let inverse: [Float]
    let scale: [Float]
    private let diagonal: [Float]
    private let offDiagonal: [Float]

    init(_ layout: StateLayout, scales: FieldScales, diagonal: [Float], offDiagonal: [Float]) throws {
      let sites = try layout.checkedMatrixSites(scales)
      let fields = layout.fields.map(\.name)
      self.layout = layout
      planes = Planes(sites: sites, order: .rows)
      input = FloatBuffer(count: 4 * planes.stride + 2 * planes.slack)
      features = FloatBuffer(count: DensityMatrixRegression.features * planes.stride)
      inverse = scales.states(fields).map { 1 / $0 }
      scale = scales.increments(fields)
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

    func advance(_ state: inout State<Float>) {
      look(at: state.values)
      state.values.withUnsafeMutableBufferPointer {
        DensityMatrixReadout.advance(
          $0.baseAddress!, features: features.pointer, count: DensityMatrixRegression.features, geometry: planes,
          diagonal: diagonal, offDiagonal: offDiagonal, scale: scale)
      }
    }
  }
}
