import Foundation
import Testing
import Trajectories

@testable import Systems

@Suite("Model A, the time-dependent Ginzburg–Landau equation")
struct GinzburgLandauTests {
  private func advanced(_ system: GinzburgLandau, _ values: [Double], steps: Int) -> [Double] {
    var values = values
    system.advance(&values, steps: steps)
    return values
  }

  @Test("The right-hand side is minus the gradient of the free energy, times Γ")
  func gradient() throws {
    var constants = GinzburgLandau.Constants()
    (constants.mobility, constants.stiffness, constants.depth) = (0.7, 1.3, 0.9)
    (constants.amplitude, constants.spacing) = (1.2, 0.8)
    let system = try GinzburgLandau(sites: 6, constants, dt: 0.01)
    let phi = system.initialState(seed: 1, trajectory: 0).map { 8 * $0 }
    let rate = try #require(system.tendency(of: State(system.layout, phi), at: 0)).values
    for site in [0, 5, 14, 35] {
      func energy(_ shift: Double) -> Double {
        var moved = phi
        moved[site] += shift
        return system.freeEnergy(moved)
      }
      let slope = (8 * (energy(1e-3) - energy(-1e-3)) - (energy(2e-3) - energy(-2e-3))) / 12e-3
      #expect(abs(rate[site] + 0.7 * slope / 0.64) < 1e-8)
    }
  }

  @Test("A small wave grows by Γ(a φ₀² − K k²), k² the five-point Laplacian's")
  func waves() throws {
    let (L, n) = (16, 2)
    let system = try GinzburgLandau(sites: L, dt: 0.001, saveEvery: 1)
    let wave = (0..<L * L).map { 1e-6 * cos(2 * .pi * Double(n * ($0 % L)) / Double(L)) }
    let later = advanced(system, wave, steps: 1000)
    let k2 = 2 - 2 * cos(2 * .pi * Double(n) / Double(L))
    #expect(abs(log(later[0] / wave[0]) - (1 - k2)) < 1e-6)
  }

  @Test("A wall is φ₀ tanh(x φ₀ √(a/2K)) and stays")
  func wall() throws {
    // Fine enough for the differences to be derivatives; two walls, far apart.
    var constants = GinzburgLandau.Constants()
    constants.spacing = 0.25
    let L = 96
    let system = try GinzburgLandau(sites: L, constants, dt: 0.01)
    let start = (0..<L * L).map { site -> Double in
      let x = 0.25 * (Double(site % L) + 0.5)
      return tanh((x - 6) / 2.0.squareRoot()) * tanh((18 - x) / 2.0.squareRoot())
    }
    let later = advanced(system, start, steps: 200)
    #expect(zip(later, start).map { abs($0 - $1) }.max()! < 5e-3)
  }

  @Test("A disc shrinks as R² = R₀² − 2ΓKt, and its free energy only falls")
  func disc() throws {
    var constants = GinzburgLandau.Constants()
    constants.spacing = 0.5
    let (L, radius) = (96, 14.0)
    let system = try GinzburgLandau(sites: L, constants, dt: 0.05)
    var phi = (0..<L * L).map { site -> Double in
      let (y, x) = (0.5 * (Double(site / L) + 0.5) - 24, 0.5 * (Double(site % L) + 0.5) - 24)
      return -tanh(((x * x + y * y).squareRoot() - radius) / 2.0.squareRoot())
    }
    /// The area where φ > 0, by straight lines along x between sites, over π.
    func squaredRadius() -> Double {
      let inside = phi.reduce(0) { $0 + ($1 + 1) / 2 }
      return inside * 0.25 / .pi
    }
    phi = advanced(system, phi, steps: 100)
    let (before, energy) = (squaredRadius(), system.freeEnergy(phi))
    phi = advanced(system, phi, steps: 600)
    #expect(abs((before - squaredRadius()) / 60 - 1) < 0.05, "−dR²/dt over 2ΓK is 1 in the limit of thin walls")
    #expect(system.freeEnergy(phi) < energy)
  }

  @Test("Noise in one well has the variance of equipartition at each wave")
  func equipartition() throws {
    // Without wells F is a sum of squares: ⟨|φ_k|²⟩ = T/(K k²), k ≠ 0.
    var constants = GinzburgLandau.Constants()
    (constants.depth, constants.temperature, constants.initialDeviation) = (0, 0.5, 0)
    let L = 8
    let system = try GinzburgLandau(sites: L, constants, dt: 0.02)
    var phi = [Double](repeating: 0, count: L * L)
    var sum = 0.0
    let samples = 4000
    for sample in 0..<samples {
      phi.withUnsafeMutableBufferPointer {
        system.advance($0.baseAddress!, steps: 20, at: NoisePlace(seed: 3, trajectory: 0, step: 20 * sample))
      }
      // The fastest wave, which forgets at once.
      let wave = (0..<L * L).reduce(0) { $0 + (($1 / L + $1 % L) % 2 == 0 ? 1 : -1) * phi[$1] }
      sum += wave * wave / Double(L * L)
    }
    let expected = 0.5 / 8
    #expect(abs(sum / Double(samples) / expected - 1) < 0.1)
  }

  @Test("Trajectories with noise have the same bits alone, in company, from attributes, and from any frame on")
  func bits() throws {
    var constants = GinzburgLandau.Constants()
    constants.temperature = 0.2
    let system = try GinzburgLandau(sites: 8, constants, saveEvery: 4, noiseSeed: 5)
    var alone = try system.ensemble(0..<1, seed: 5, workers: 1)
    var together = try GinzburgLandau(attributes: system.attributes).ensemble(0..<3, seed: 5, workers: 3)
    let first = try alone.advance()[0]
    let second = try alone.advance()[0]
    let third = try alone.advance()[0]
    #expect(try together.advance()[0] == first)
    #expect(try together.advance()[0] == second)
    var onwards = try system.ensemble(from: [second.state], firstTime: second.time, workers: 1)
    #expect(try onwards.advance()[0].state == second.state)
    #expect(try onwards.advance()[0].state == third.state)
    #expect(third.state != second.state)
  }

  @Test("What cannot be is refused by name")
  func refused() throws {
    var constants = GinzburgLandau.Constants()
    constants.temperature = -1
    #expect(throws: SystemError.self) { try GinzburgLandau(constants) }
    #expect { try GinzburgLandau(dt: 0.5) } throws: { ($0 as? SystemError)?.key == "dt" }
  }
}
