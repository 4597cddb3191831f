import Foundation
import TestSupport
import Testing
import Trajectories

@testable import Systems

@Suite("Ways to the electrons' density")
struct SquareEngineTests {
  /// A lattice of random displacements, from a seed of its own.
  private func random(_ sites: Int, deviation: Double, seed: UInt64) throws -> [Double] {
    let dynamics = SquareDynamics(initialDisplacement: deviation)
    let system = try HolsteinSquareSystem.published(sites: sites, dynamics: dynamics)
    return Array(system.initialState(seed: seed, trajectory: 0)["Q"])
  }

  private func problem(
    _ q: [Double], _ ensemble: ElectronConfiguration.Ensemble = .canonical, temperature: Double = 0.1
  ) -> ElectronProblem {
    let sites = Int(Double(q.count).squareRoot())
    return ElectronProblem(SquareParameters(sites: sites), temperature: temperature, ensemble: ensemble, q: q)
  }

  @Test("Poles of the Fermi function: errors below the tolerance at any width, weights above 0, half filling at 0")
  func poles() {
    for ratio in [10.0, 64, 300, 1000, 5000, 20_000] {
      let temperature = 0.37
      let table = FermiPoles(reach: ratio * temperature, temperature: temperature)
      #expect(table.reach >= ratio * temperature && table.reach < 100 * ratio * temperature)
      #expect(table.error <= FermiPoles.tolerance)
      #expect(table.heights.count % 8 == 0 && table.heights.count <= 40)
      let used = zip(table.heights, table.weights).filter { $0.1 != 0 }
      #expect(used.allSatisfy { $0.1 > 0 } && zip(used, used.dropFirst()).allSatisfy { $0.0 < $1.0 })
      var worst = 0.0
      for k in 0...20_000 {
        // As close as may be around 0 and at the ends.
        let x = ratio * temperature * pow(Double(k) / 20_000, 3)
        let approximation =
          0.5 - zip(table.heights, table.weights).reduce(0) { $0 + $1.1 * x / (x * x + $1.0 * $1.0) }
        worst = max(worst, abs(approximation - 1 / (1 + exp(x / temperature))))
      }
      #expect(worst < 2 * FermiPoles.tolerance, "ratio \(ratio): \(worst)")
    }
  }

  @Test("Selected inversion gives the density, μ and energy of all eigenvectors", arguments: [4, 6, 8, 10, 14])
  func selectedInversion(sites: Int) throws {
    for (deviation, temperature) in [(5.27, 0.1), (1.0, 0.05), (0.3, 0.4)] {
      let q = try random(sites, deviation: deviation, seed: UInt64(sites))
      for ensemble in ElectronConfiguration.Ensemble.allCases {
        let problem = problem(q, ensemble, temperature: temperature)
        let exact = try DiagonalSolver().solve(problem, wantsEnergy: true)
        let found = try PoleSolver().solve(problem, wantsEnergy: true)
        #expect(largest(found.density, exact.density) < 2e-11, "\(sites), \(deviation), \(ensemble)")
        let count = Double(sites * sites)
        #expect(abs(found.density.reduce(0, +) - exact.density.reduce(0, +)) < 1e-11 * count)
        // In a gap μ may be anywhere in it; Ω + μ N/2 is the same there.
        let (a, b) = [found, exact].map { $0.grandPotential! + $0.chemicalPotential * count / 2 }.pair
        #expect(abs(a - b) < 1e-8)
      }
    }
  }

  @Test("A cold gapped lattice and one without displacements are exact, too")
  func specialLattices() throws {
    let lattice = SquareLattice(sites: 8)
    let board = (0..<64).map { 6.25 * lattice.sign($0) }
    for (q, temperature) in [(board, 0.01), (board, 1), ([Double](repeating: 0, count: 64), 0.1)] {
      let problem = problem(q, temperature: temperature)
      let exact = try DiagonalSolver().solve(problem, wantsEnergy: false)
      let found = try PoleSolver().solve(problem, wantsEnergy: false)
      #expect(largest(found.density, exact.density) < 2e-11)
    }
  }

  @Test("The same problem has the same bits, whatever was solved before")
  func pure() throws {
    let solver = PoleSolver()
    let (one, other) = (problem(try random(8, deviation: 3, seed: 1)), problem(try random(8, deviation: 1, seed: 2)))
    let first = try solver.solve(one, wantsEnergy: true)
    _ = try solver.solve(other, wantsEnergy: true)
    #expect(try solver.solve(one, wantsEnergy: true) == first)
    #expect(try PoleSolver().solve(one, wantsEnergy: true) == first)
  }

  /// The density at one site from all eigenvectors of the window around it.
  private func naive(_ problem: ElectronProblem, radius: Int, site: Int, mu: Double) throws -> Double {
    let (L, width) = (problem.lattice.sites, 2 * radius + 1)
    let n = width * width
    var matrix = [Double](repeating: 0, count: n * n)
    for a in 0..<n {
      let (y, x) = (site / L + a / width - radius + L, site % L + a % width - radius + L)
      matrix[a * n + a] = problem.onsite[y % L * L + x % L]
      for b in 0..<n where abs(a / width - b / width) + abs(a % width - b % width) == 1 {
        matrix[a * n + b] = -problem.hopping
      }
    }
    let eigen = try SymmetricEigen(matrix, size: n)
    return (0..<n).reduce(0) { sum, m in
      let element = eigen.vectors[m * n + n / 2]
      return sum + element * element / (1 + exp((eigen.values[m] - mu) / problem.temperature))
    }
  }

  @Test("Windows give what all eigenvectors of each window give, at any radius", arguments: [1, 2, 3])
  func windows(radius: Int) throws {
    for ensemble in ElectronConfiguration.Ensemble.allCases {
      // 10 × 10 is no multiple of the lanes.
      let problem = problem(try random(10, deviation: 2, seed: 3), ensemble)
      let found = try WindowedSolver(radius: radius).solve(problem, wantsEnergy: false)
      for site in [0, 7, 8, 55, 96, 99] {
        let expected = try naive(problem, radius: radius, site: site, mu: found.chemicalPotential)
        #expect(abs(found.density[site] - expected) < 1e-10)
      }
      if ensemble == .canonical { #expect(abs(found.density.reduce(0, +) - 50) < 1e-9) }
    }
  }

  @Test("Windows forget less with their radius, and little of a gapped lattice")
  func convergence() throws {
    let lattice = SquareLattice(sites: 12)
    let noise = try random(12, deviation: 0.5, seed: 5)
    let gapped = problem(noise.enumerated().map { 6 * lattice.sign($0.offset) + $0.element })
    let hot = problem(try random(12, deviation: 5.27, seed: 6))
    for (problem, limits) in [(gapped, [1e-3, 1e-5, 1e-7]), (hot, [0.1, 0.02, 5e-3])] {
      let exact = try DiagonalSolver().solve(problem, wantsEnergy: true)
      var last = Double.infinity
      for (radius, limit) in zip(1...3, limits) {
        let found = try WindowedSolver(radius: radius).solve(problem, wantsEnergy: true)
        let difference = largest(found.density, exact.density)
        #expect(difference < limit, "radius \(radius): \(difference)")
        #expect(difference < last)
        last = difference
        // In the gap μ may be anywhere.
        let (a, b) = [found, exact].map { $0.grandPotential! + $0.chemicalPotential * 72 }.pair
        #expect(abs(a - b) < 144 * limit)
      }
    }
  }

  @Test("Windows keep the lattice's symmetries")
  func windowSymmetries() throws {
    let system = try HolsteinSquareSystem(
      SquareParameters(sites: 8), ElectronConfiguration(engine: .windowed, radius: 2), SquareDynamics(start: .random))
    let state = system.initialState(seed: 8, trajectory: 0)
    let before = try #require(system.tendency(of: state, at: 0))
    for symmetry in system.symmetries {
      let after = try #require(system.tendency(of: symmetry(state), at: 0))
      #expect(largest(symmetry(before).values, after.values) < 1e-9, "\(symmetry.name)")
    }
  }

  @Test("A lattice runs with every engine; windows that do not fit and dense matrices too large are refused")
  func configuration() throws {
    var frames: [ElectronConfiguration.Engine: State<Double>] = [:]
    for engine in ElectronConfiguration.Engine.allCases {
      let system = try HolsteinSquareSystem(
        SquareParameters(sites: 8), ElectronConfiguration(engine: engine), SquareDynamics(saveEvery: 3))
      var ensemble = try system.ensemble(0..<1, seed: 1, workers: 1)
      _ = try ensemble.advance()
      frames[engine] = try ensemble.advance()[0].state
    }
    let exact = try #require(frames[.diagonal])
    for (engine, limit) in [(ElectronConfiguration.Engine.exact, 1e-10), (.poles, 1e-10), (.windowed, 1e-2)] {
      #expect(largest(try #require(frames[engine]).values, exact.values) < limit, "\(engine)")
    }
    for (sites, electrons, key) in [
      (4, ElectronConfiguration(engine: .windowed, radius: 2), "radius"),
      (16, ElectronConfiguration(engine: .windowed, radius: 0), "radius"),
      (16, ElectronConfiguration(engine: .windowed, radius: 20), "radius"),
      (80, ElectronConfiguration(engine: .diagonal), "engine"), (512, ElectronConfiguration(engine: .exact), "engine"),
    ] {
      let error = #expect(throws: SystemError.self) {
        try HolsteinSquareSystem(SquareParameters(sites: sites), electrons)
      }
      #expect(error?.key == key)
    }
  }
}

extension Array {
  fileprivate var pair: (Element, Element) { (self[0], self[1]) }
}
