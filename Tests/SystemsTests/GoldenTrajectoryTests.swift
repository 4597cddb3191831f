import Foundation
import TestSupport
import Testing
import Trajectories

@testable import Systems

/// Trajectories that NumPy and SciPy made (data/lattice/make.py).
@Suite("Trajectories made by other software")
struct GoldenTrajectoryTests {
  private func golden(_ name: String) throws -> [LatticeState] {
    let folder = Places.data.appending(path: "lattice")
    let rho = try NumPyArray(contentsOf: folder.appending(path: "\(name)-rho.npy"))
    let q = try NumPyArray(contentsOf: folder.appending(path: "\(name)-Q.npy"))
    let p = try NumPyArray(contentsOf: folder.appending(path: "\(name)-P.npy"))
    return (0..<rho.shape[0]).map { LatticeState(rho: rho[row: $0], q: q[row: $0], p: p[row: $0]) }
  }

  private func parameters() throws -> HolsteinParameters {
    let onsite = try NumPyArray(contentsOf: Places.data.appending(path: "lattice/onsite.npy"))
    return HolsteinParameters(coupling: 0.9, disorder: onsite.values)
  }

  @Test("RK4 gives NumPy's RK4 to round-off, in a disordered chain")
  func rungeKutta() throws {
    let frames = try golden("rk4")
    var ensemble = try HolsteinEnsemble(states: [frames[0]], parameters: parameters(), dt: 0.01, saveEvery: 16)
    for frame in frames { #expect(largestDifference(ensemble.advance()[0].lattice, frame) < 1e-14) }
  }

  @Test("Every integrator gives SciPy's DOP853, within its own error", arguments: Integrator.allCases)
  func exact(integrator: Integrator) throws {
    let frames = try golden("dop853")
    let every = integrator.order == 2 ? 2000 : 100
    var ensemble = try HolsteinEnsemble(
      states: [frames[0]], parameters: parameters(), dt: 2.0 / Double(every), saveEvery: every, integrator: integrator)
    let tolerance = [Integrator.strang: 1e-5, .rungeKutta4: 1e-6, .blanesMoan4: 1e-8, .blanesMoan6: 1e-11][integrator]!
    for frame in frames {
      let difference = largestDifference(ensemble.advance()[0].lattice, frame)
      #expect(difference < tolerance, "\(difference)")
    }
  }
}
