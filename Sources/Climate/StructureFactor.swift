public import Systems

/// Structure factors of a chain, averaged over frames in one pass.
///
/// S(k) = ⟨|Σ_j (x_j − x̄) e^(−ikj)|²⟩ / L of density and displacement, x̄ the mean over the sites, at
/// k = 2πm/L, m = 0 … L/2. The charge-density wave is at k = π, the last element, where they are L Δρ² and L ΔQ².
public struct StructureFactor: Codable, Sendable, Equatable {
  public private(set) var frames = 0
  /// (L/2 + 1).
  public private(set) var density: [Double] = []
  public private(set) var displacement: [Double] = []

  public init() {}

  /// Frames that are not finite, or of another size than the first, are passed over.
  public mutating func add(_ state: LatticeState) {
    let s = Array(state.chargeStructureFactor[...(state.sites / 2)])
    let q = Array(state.displacementStructureFactor[...(state.sites / 2)])
    guard (s + q).allSatisfy(\.isFinite), density.isEmpty || density.count == s.count else { return }
    if density.isEmpty { (density, displacement) = (s.map { _ in 0 }, s.map { _ in 0 }) }
    frames += 1
    for k in s.indices {
      density[k] += (s[k] - density[k]) / Double(frames)
      displacement[k] += (q[k] - displacement[k]) / Double(frames)
    }
  }

  /// Adds the frames of another average.
  public mutating func merge(_ other: StructureFactor) {
    guard other.frames > 0, density.isEmpty || density.count == other.density.count else { return }
    guard frames > 0 else {
      self = other
      return
    }
    let share = Double(other.frames) / Double(frames + other.frames)
    for k in density.indices {
      density[k] += share * (other.density[k] - density[k])
      displacement[k] += share * (other.displacement[k] - displacement[k])
    }
    frames += other.frames
  }
}
