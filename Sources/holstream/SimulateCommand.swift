internal import ArgumentParser
import Foundation
import Pipelines

struct SimulateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Integrate the Holstein model into a store.",
    discussion: """
      From a preset, or from a frame of every trajectory in a store (ours, or one that zarr-python wrote with arrays \
      rho, Q and P over trajectory, time and sites):

        holstream simulate --preset shallow --sites 16 --trajectories 4 --steps 19200 --every 64 --out truth.zarr
        holstream simulate --from truth.zarr --frame 0 --steps 6400 --every 64 --out again.zarr

      The couplings g, K₀ and η come from the store's attributes unless they are given. Presets: shallow (0.5 → 0.8) and \
      deep (0 → 1) in the published code's units (r = 0.3, λ = 0.667 g²), paper-shallow and paper-deep in the paper's \
      (r = 0.4, λ = 1).
      """)

  @Option(name: .customLong("from"), help: "Store whose frames are the initial states.", completion: .directory)
  var origin: String?

  @Option(help: "Frame to start from, counted from 0; the last one when left out.")
  var frame: Int?

  @Option(help: "Preset that makes the initial states, when there is no --from.")
  var preset: String?

  @Option(help: "Number of sites L, even.") var sites: Int?
  @Option(help: "Number of trajectories.") var trajectories: Int?
  @Option(help: "Seed of the initial noise.") var seed: UInt64?
  @Option(help: "Number of time steps.") var steps: Int
  @Option(help: "A frame is saved every so many steps.") var every: Int
  @Option(help: "Store to write; must not exist.", completion: .directory) var out: String
  @Option(help: "Coupling g after the quench.") var g: Double?
  @Option(help: "K₀ = ħω₀ of the published code, the classical frequency.") var k0: Double?
  @Option(help: "η, the strength of the electrons' force on the lattice over g.") var eta: Double?
  @Option(help: "Time step, units of ħ/t_hop.") var dt: Double?
  @Option(help: "How time advances: rk4, strang, blanes-moan-4 or blanes-moan-6 (docs/physics.md compares them).")
  var integrator: String?

  func run() async throws {
    let job = SimulateJob(
      origin: origin.map { URL(filePath: $0) }, frame: frame, preset: preset, sites: sites, trajectories: trajectories,
      seed: seed, steps: steps, every: every, output: URL(filePath: out), g: g, k0: k0, eta: eta, dt: dt,
      integrator: integrator)
    print(try await interruptible { try job.run() })
  }
}
