import Foundation
import TestSupport
import Testing
import Trajectories

@testable import Systems

@Suite("Forces of the square lattice")
struct SquareForceTests {
  /// Density, force and free energy against golden configurations, both ensembles.
  private func compare(_ golden: SquareGolden, energies: (canonical: String, grand: String)) throws {
    let (q, temperatures) = (try golden["Q"], try golden["T"].values)
    for (prefix, ensemble, energy) in [
      ("", ElectronConfiguration.Ensemble.canonical, energies.canonical), ("gc_", .grandCanonical, energies.grand),
    ] {
      let (n, f, a) = (try golden[prefix + "n"], try golden[prefix + "F"], try golden[energy])
      for index in 0..<q.shape[0] {
        let system = try HolsteinSquareSystem.published(
          sites: q.shape[1], temperature: temperatures[index], ensemble: ensemble)
        let (force, electrons) = system.force(at: q[row: index], temperature: temperatures[index])
        #expect(largest(force, f[row: index]) < 1e-10, "\(prefix)F of configuration \(index)")
        #expect(largest(try #require(electrons).density, n[row: index]) < 1e-10, "\(prefix)n of configuration \(index)")
        let rest = State(system.layout, q[row: index] + [Double](repeating: 0, count: system.parameters.count))
        #expect(abs(system.energy(rest) - a.values[index]) < 1e-8, "\(energy) of configuration \(index)")
      }
    }
  }

  @Test("Density, force and free energy are NumPy's to 1e-10, at half filling and at μ = 0")
  func small() throws { try compare(.small, energies: ("A", "gc_A")) }

  @Test(
    "The same for forty configurations on 12 × 12 sites: walls, flipped sites, hot and quenched lattices",
    .enabled(if: SquareGolden.large != nil))
  func large() throws { try compare(#require(SquareGolden.large), energies: ("Efree", "gc_Efree")) }

  @Test("Traces of the second and fourth power are those of the eigenvalues", arguments: [4, 6])
  func traces(sites: Int) throws {
    let system = try HolsteinSquareSystem.published(sites: sites)
    let problem = system.problem(at: Array(system.initialState(seed: 3, trajectory: 0)["Q"]), temperature: 0.3)
    let n = problem.count
    var matrix = [Double](repeating: 0, count: n * n)
    problem.lattice.forEach { i, a, b, c, d in
      matrix[i * n + i] = problem.onsite[i]
      for j in [a, b, c, d] { matrix[i * n + j] -= problem.hopping }
    }
    let levels = try SymmetricEigen(matrix, size: n).values.map { $0 - 0.4 }
    let (second, fourth) = problem.traces(0.4)
    #expect(abs(second / levels.reduce(0) { $0 + $1 * $1 } - 1) < 1e-12)
    #expect(abs(fourth / levels.reduce(0) { $0 + $1 * $1 * $1 * $1 } - 1) < 1e-12)
  }

  @Test(
    "The free energy by poles is that of the levels to 1e-9 a site, however wide the spectrum",
    arguments: [0.05, 0.3, 2])
  func wide(temperature: Double) throws {
    for spread in [1.0, 8, 40] {
      let system = try HolsteinSquareSystem.published(sites: 8, temperature: temperature)
      let q = Array(system.initialState(seed: 7, trajectory: 0)["Q"]).map { spread * $0 }
      let problem = system.problem(at: q, temperature: temperature)
      let exact = try DiagonalSolver().solve(problem, wantsEnergy: true)
      let found = try PoleSolver().solve(problem, wantsEnergy: true)
      let energies = [exact, found].map { $0.grandPotential! + 32 * $0.chemicalPotential }
      #expect(abs(energies[0] - energies[1]) < 64e-9, "T = \(temperature), spread \(spread)")
    }
  }

  @Test("The force is minus the gradient of the free energy, in both ensembles")
  func gradient() throws {
    let q = try SquareGolden.small["Q"]
    for ensemble in ElectronConfiguration.Ensemble.allCases {
      let system = try HolsteinSquareSystem.published(sites: 6, temperature: 0.5, ensemble: ensemble)
      for index in [5, 6] {
        let start = q[row: index]
        let force = system.force(at: start, temperature: 0.5).force
        for site in [0, 7, 20] {
          func energy(_ shift: Double) -> Double {
            var moved = start
            moved[site] += shift
            return system.energy(State(system.layout, moved + [Double](repeating: 0, count: 36)))
          }
          let slope = (8 * (energy(1e-3) - energy(-1e-3)) - (energy(2e-3) - energy(-2e-3))) / 12e-3
          #expect(abs(force[site] + slope) < 1e-8)
        }
      }
    }
  }

  @Test("Particle–hole symmetry, shifts and charge conservation hold to round-off")
  func exactFacts() throws {
    let system = try HolsteinSquareSystem.published(sites: 6)
    let q = try SquareGolden.small["Q"]
    for index in [4, 6, 7] {
      let start = q[row: index]
      let (force, electrons) = system.force(at: start, temperature: 0.1)
      let here = try #require(electrons)
      let (mirrored, holes) = system.force(at: start.map { -$0 }, temperature: 0.1)
      #expect(largest(mirrored, force.map { -$0 }) < 1e-12)
      #expect(largest(try #require(holes).density, here.density.map { 1 - $0 }) < 1e-12)
      #expect(abs(try #require(holes).chemicalPotential + here.chemicalPotential) < 1e-12)
      // n(Q + c) = n(Q), and μ falls by g c.
      let shifted = try #require(system.force(at: start.map { $0 + 0.7 }, temperature: 0.1).electrons)
      #expect(largest(shifted.density, here.density) < 1e-11)
      #expect(abs(shifted.chemicalPotential - here.chemicalPotential + 3.5 * 0.7) < 1e-11)
      #expect(abs(here.density.reduce(0, +) - 18) < 1e-11)
      // Σ F = −(k + 4 κ) Σ Q, whatever the electrons do.
      let (total, displaced) = (force.reduce(0, +), start.reduce(0, +))
      #expect(abs(total + 1.72 * displaced) < 1e-10)
    }
  }

  @Test("At μ = 0 shifted displacements hold the canonical density: n(Q) is n at μ = 0 of Q + μ/g")
  func ensembles() throws {
    let q = try SquareGolden.small["Q"]
    let canonical = try HolsteinSquareSystem.published(sites: 6)
    let grand = try HolsteinSquareSystem.published(sites: 6, ensemble: .grandCanonical)
    let start = q[row: 4]
    let electrons = try canonical.electronState(at: start, temperature: 0.1)
    #expect(abs(electrons.chemicalPotential) > 0.05)
    let moved = try grand.electronState(at: start.map { $0 + electrons.chemicalPotential / 3.5 }, temperature: 0.1)
    #expect(largest(moved.density, electrons.density) < 1e-12)
    #expect(moved.chemicalPotential == 0)
  }

  @Test("Without coupling every site is half filled, without hopping each site is alone")
  func limits() throws {
    let q = try SquareGolden.small["Q"][row: 6]
    let free = try HolsteinSquareSystem(SquareParameters(sites: 6, coupling: 0))
    #expect(try free.electronState(at: q, temperature: 0.1).density == [Double](repeating: 0.5, count: 36))
    #expect(
      largest(
        try free.electronState(at: q, temperature: 0.1, wantsEnergy: true).density,
        [Double](repeating: 0.5, count: 36)) < 1e-12)
    let atoms = try HolsteinSquareSystem(
      SquareParameters(sites: 6, hopping: 0), ElectronConfiguration(ensemble: .grandCanonical))
    let expected = q.map { 1 / (1 + exp(-3.5 * $0 / 0.4)) }
    #expect(largest(try atoms.electronState(at: q, temperature: 0.4).density, expected) < 1e-13)
  }

  @Test("A displacement that is not finite has no force, and no trap either")
  func notFinite() throws {
    let system = try HolsteinSquareSystem.published(sites: 4)
    for bad in [Double.nan, .infinity, -.infinity, 1e200] {
      var q = [Double](repeating: 1, count: 16)
      q[5] = bad
      #expect(throws: SystemError.self) { try system.electronState(at: q, temperature: 0.1) }
      let isNothing = system.force(at: q, temperature: 0.1).force.allSatisfy { $0.isNaN }
      #expect(isNothing)
      #expect(system.energy(State(system.layout, q + q)).isNaN)
      #expect(try #require(system.observable("order")).value(State(system.layout, q + q)).isNaN)
    }
  }
}
