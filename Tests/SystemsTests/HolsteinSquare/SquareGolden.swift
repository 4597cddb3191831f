import Foundation
import TestSupport

@testable import Systems

/// Golden arrays of one folder, by name: data/square (made by NumPy), or the larger set that only some machines have.
struct SquareGolden {
  let folder: URL

  static var small: SquareGolden { SquareGolden(folder: Places.data.appending(path: "square")) }
  static var large: SquareGolden? { Places.golden("holstein2d_L12").map(SquareGolden.init) }

  subscript(_ name: String) -> NumPyArray {
    get throws { try NumPyArray(contentsOf: folder.appending(path: "\(name).npy")) }
  }
}

/// max |a − b|; NaN counts as infinite.
func largest(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { worst, pair in
    let difference = abs(pair.0 - pair.1)
    return difference.isNaN ? .infinity : max(worst, difference)
  }
}

extension HolsteinSquareSystem {
  /// A system at the published parameters with a few of them changed.
  static func published(
    sites: Int, temperature: Double = 0.1, friction: Double = 0.2,
    ensemble: ElectronConfiguration.Ensemble = .canonical,
    engine: ElectronConfiguration.Engine = ElectronConfiguration().engine,
    dynamics: SquareDynamics = SquareDynamics(saveEvery: 1)
  ) throws -> HolsteinSquareSystem {
    try HolsteinSquareSystem(
      SquareParameters(sites: sites, temperature: temperature, friction: friction),
      ElectronConfiguration(ensemble: ensemble, engine: engine), dynamics)
  }
}
