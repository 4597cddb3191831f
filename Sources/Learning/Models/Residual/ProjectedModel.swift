public import Trajectories

/// A model whose ρ is made Hermitian with the trace of half filling after every step. Off unless asked for.
///
/// ρ ← (ρ + ρ†) / 2, then every ρ_ii is shifted by (L/2 − Tr ρ) / L: the nearest such matrix in the Frobenius norm.
/// What it does to a rollout is measured in docs/learning.md. A network that was trained under `StateConstraint.projection`
/// does this by itself.
public struct ProjectedModel: SurrogateModel {
  private let base: any SurrogateModel

  public init(_ base: any SurrogateModel) { self.base = base }

  public var summary: String { "\(base.summary), projected" }

  public var layout: StateLayout? { base.layout }

  public func predictor(for layout: StateLayout) throws -> any Predictor {
    guard layout.densityMatrixSites != nil else {
      throw LearningError(
        .invalidData, "only a density matrix can be projected; the state consists of \(layout.summary)")
    }
    return Rollout(try base.predictor(for: layout))
  }

  /// The file of the model underneath; projection is a choice of whoever runs it.
  public func safetensors() throws -> Safetensors { try base.safetensors() }

  /// Projects the ρ of a state in place.
  public static func project(_ state: inout State<Float>) {
    guard let sites = state.layout.densityMatrixSites else {
      preconditionFailure("ProjectedModel: the state consists of \(state.layout.summary)")
    }
    state.values.withUnsafeMutableBufferPointer { project($0.baseAddress!, sites: sites, trace: Float(sites) / 2) }
  }

  /// Projects the matrix at the front of `values` to a Hermitian one of the given trace.
  ///
  /// An orthogonal projection is its own adjoint, so that with trace 0 this is also how a gradient passes it backwards.
  static func project(_ values: UnsafeMutablePointer<Float>, sites: Int, trace target: Float) {
    var trace: Float = 0
    for i in 0..<sites {
      for j in 0..<i {
        let (a, b) = (2 * (i * sites + j), 2 * (j * sites + i))
        let real = (values[a] + values[b]) / 2
        let imaginary = (values[a + 1] - values[b + 1]) / 2
        values[a] = real
        values[b] = real
        values[a + 1] = imaginary
        values[b + 1] = -imaginary
      }
      values[2 * (i * sites + i) + 1] = 0
      trace += values[2 * (i * sites + i)]
    }
    let shift = (target - trace) / Float(sites)
    for i in 0..<sites { values[2 * (i * sites + i)] += shift }
  }

  private final class Rollout: Predictor {
    private let base: any Predictor
    var layout: StateLayout { base.layout }
    init(_ base: any Predictor) { self.base = base }
    func observe(_ state: State<Float>) { base.observe(state) }
    func advance(_ state: inout State<Float>) {
      base.advance(&state)
      ProjectedModel.project(&state)
    }
  }
}
