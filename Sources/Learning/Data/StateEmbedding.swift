public import Trajectories

/// How a state lies on the planes that a network sees, and back: each number of the state has a place of its own, all
/// other places are zero.
///
/// A tensor of planes is (channels, extent…) in C order. The map is linear, planes[places[k]] = scale[k] · state[k], so
/// that its adjoint takes the same places: dstate[k] = scale[k] · dplanes[places[k]].
public struct StateEmbedding: Sendable, Equatable {
  public enum Kind: String, Sendable {
    /// Re ρ, Im ρ, diag Q, diag P on the L × L lattice of site pairs.
    case densityMatrix
    /// A plane a component, on a ring or a square lattice.
    case grid
    /// A number a channel.
    case vector
  }

  public let layout: StateLayout
  public let kind: Kind
  public let channels: Int
  /// Shape of one plane: [L, L], [sites], [rows, columns], or [] for a vector.
  public let extent: [Int]
  /// (layout.count) where each number of the state lies.
  public let places: [Int]
  /// (channels) whether what the channel holds evolves; parameters and forcings are input alone.
  public let isPrognostic: [Bool]

  /// Places of one plane.
  public var planeCount: Int { extent.reduce(1, *) }
  /// Places of all planes.
  public var count: Int { channels * planeCount }

  init(layout: StateLayout, kind: Kind, channels: Int, extent: [Int], places: [Int], isPrognostic: [Bool]) {
    self.layout = layout
    self.kind = kind
    self.channels = channels
    self.extent = extent
    self.places = places
    self.isPrognostic = isPrognostic
  }

  /// The embedding that the layout suggests: of a density matrix, of fields on a ring or a square, or else of a vector.
  public init(_ layout: StateLayout) {
    self = .densityMatrix(layout) ?? .grid(layout) ?? .vector(layout)
  }

  /// A number a channel; for any layout.
  public static func vector(_ layout: StateLayout) -> StateEmbedding {
    StateEmbedding(
      layout: layout, kind: .vector, channels: layout.count, extent: [], places: Array(0..<layout.count),
      isPrognostic: layout.fields.flatMap { Array(repeating: $0.role == .prognostic, count: $0.count) })
  }

  /// (layout.count) one number a field, repeated for each of its numbers: what the functions below take as scale.
  public static func spread(_ perField: [Float], over layout: StateLayout) -> [Float] {
    zip(layout.fields, perField).flatMap { Array(repeating: $1, count: $0.count) }
  }

  /// planes = scale · state, zero elsewhere.
  ///
  /// - Parameters:
  ///   - state: (layout.count).
  ///   - scale: (layout.count).
  ///   - planes: (`count`).
  public func embed(
    _ state: UnsafePointer<Float>, scale: UnsafePointer<Float>, into planes: UnsafeMutablePointer<Float>
  ) {
    planes.update(repeating: 0, count: count)
    for k in places.indices { planes[places[k]] = scale[k] * state[k] }
  }

  /// dstate += scale · dplanes at the places of the state: the adjoint of `embed`.
  public func embedAdjoint(
    _ dPlanes: UnsafePointer<Float>, scale: UnsafePointer<Float>, addingTo dState: UnsafeMutablePointer<Float>
  ) {
    for k in places.indices { dState[k] += scale[k] * dPlanes[places[k]] }
  }

  /// state += scale · planes at the places of what evolves; the rest stays.
  public func extract(
    _ planes: UnsafePointer<Float>, scale: UnsafePointer<Float>, addingTo state: UnsafeMutablePointer<Float>
  ) {
    let plane = planeCount
    for k in places.indices where isPrognostic[places[k] / plane] { state[k] += scale[k] * planes[places[k]] }
  }

  /// dplanes = scale · dstate at the places of what evolves, zero elsewhere: the adjoint of `extract`.
  public func extractAdjoint(
    _ dState: UnsafePointer<Float>, scale: UnsafePointer<Float>, into dPlanes: UnsafeMutablePointer<Float>
  ) {
    dPlanes.update(repeating: 0, count: count)
    let plane = planeCount
    for k in places.indices where isPrognostic[places[k] / plane] { dPlanes[places[k]] = scale[k] * dState[k] }
  }
}
