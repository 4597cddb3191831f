internal import ArgumentParser
import Foundation
import Pipelines

struct SimulateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Integrate a system into a store.",
    discussion: """
      Any system of the catalogue (`holstream systems` lists them and their keys), from seeded initial states:

        holstream simulate --system lorenz-96 --set forcing=8 --trajectories 16 --seed 1 --steps 10000 --every 10 \
      --out truth.zarr
        holstream simulate --preset shallow --sites 16 --trajectories 4 --out truth.zarr

      or from a frame of every trajectory in a store, which says itself what system it is of (of other programs' stores \
      with arrays rho, Q and P over trajectory, time and sites, the couplings must be given):

        holstream simulate --from truth.zarr --frame 0 --frames 100 --out again.zarr

      The forces of holstein-square can be those of a learned field, with the bath and its noise, or learned on the fly as \
      an earlier log says, to the same bits:

        holstream simulate --from truth.zarr --frame 0 --checkpoint field.safetensors --steps 1200 --every 20 --out L.zarr
        holstream simulate --system holstein-square --set engine=on-the-fly --seed 1 --steps 1200 --every 20 \
      --replay first.zarr.labels.jsonl --out again.zarr

      Without --system it is the Holstein chain, for which there are short options. Presets: shallow (0.5 → 0.8) and \
      deep (0 → 1) in the published code's units (r = 0.3, λ = 0.667 g²), paper-shallow and paper-deep in the paper's \
      (r = 0.4, λ = 1). They know how long the published trajectories are: 300 frames of 64 steps, 1000 of 256.
      """)

  @Option(help: "Word of the system; holstein when left out.") var system: String?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("A key of the system; may be repeated.", valueName: "key=value"))
  var settings: [String] = []

  @Option(name: .customLong("from"), help: "Store whose frames are the initial states.", completion: .directory)
  var origin: String?

  @Option(help: "Frame to start from, counted from 0; the last one when left out.")
  var frame: Int?

  @Option(
    help: "holstein-square: a force field whose forces take the place of the equations'.", completion: .file())
  var checkpoint: String?
  @Option(help: "holstein-square: a log of labels whose learning on the fly is done again.", completion: .file())
  var replay: String?

  @Option(help: "Number of trajectories.") var trajectories: Int?
  @Option(help: "Seed of the initial states.") var seed: UInt64?
  @Option(help: "Number of time steps; or give --frames.") var steps: Int?
  @Option(help: "Number of saved frames after the first; or give --steps.") var frames: Int?
  @Option(help: "A frame is saved every so many time steps; what the system or the store says when left out.")
  var every: Int?
  @Option(help: "Store to write; must not exist.", completion: .directory) var out: String

  @Option(help: "Holstein: preset that makes the initial states, when there is no --from.")
  var preset: String?
  @Option(help: "Holstein: number of sites L, even.") var sites: Int?
  @Option(help: "Holstein: coupling g after the quench.") var g: Double?
  @Option(help: "Holstein: K₀ = ħω₀ of the published code, the classical frequency.") var k0: Double?
  @Option(help: "Holstein: η, the strength of the electrons' force on the lattice over g.") var eta: Double?
  @Option(help: "Time step, in the system's unit of time.") var dt: Double?
  @Option(help: "Holstein: how time advances: rk4, strang, blanes-moan-4 or blanes-moan-6 (docs/physics.md).")
  var integrator: String?

  func validate() throws {
    if origin != nil, preset != nil || sites != nil {
      throw ValidationError(
        "--from takes states from a store; --preset and --sites make new ones: give one or the other.")
    }
  }

  func run() async throws {
    func setting(_ key: String, _ value: (some Any)?) -> [String] { value.map { ["\(key)=\($0)"] } ?? [] }
    let job = SimulateJob(
      system: system,
      settings: setting("preset", preset) + setting("sites", sites) + setting("g", g) + setting("k0", k0)
        + setting("eta", eta) + setting("dt", dt) + setting("integrator", integrator) + settings,
      origin: origin.map { URL(filePath: $0) }, frame: frame,
      checkpoint: checkpoint.map { URL(filePath: $0) }, replaying: replay.map { URL(filePath: $0) },
      trajectories: trajectories, seed: seed, steps: steps, frames: frames, every: every, output: URL(filePath: out))
    StandardStream.output.print(try await interruptible { try job.run() })
  }
}
