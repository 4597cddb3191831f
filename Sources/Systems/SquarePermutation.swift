internal import Trajectories

/// Symmetries of a square lattice, whatever lives on it.
enum SquarePermutation {
  /// A turn by one site along x and the lattice's rotation and mirror, which generate the others.
  /// - Parameter fields: Numbers on each site, one field behind the other.
  static func generators(sites L: Int, fields: Int) -> [Permutation] {
    func permutation(_ name: String, _ source: (Int, Int) -> (Int, Int)) -> Permutation {
      let sources = (0..<L * L).map { site in
        let (y, x) = source(site / L, site % L)
        return y * L + x
      }
      return Permutation(name, source: (0..<fields).flatMap { field in sources.map { $0 + field * L * L } })
    }
    return [
      permutation("translation") { y, x in (y, (x + 1) % L) },
      permutation("rotation") { y, x in (x, (L - y) % L) },
      permutation("reflection") { y, x in (y, (L - x) % L) },
    ]
  }
}
