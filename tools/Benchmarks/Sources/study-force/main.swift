import Foundation
import Learning
import Settings
import Systems
import Tensors
import Trajectories

// What each piece of physics in a force field is worth: the study behind docs/force-fields.md, as a Markdown table.
//
//   study-force [STEPS]
//
// Quenches of 12 × 12 sites at T = 0.1, a frame each time unit up to 60, 24 to learn from and 4 held out, and 64 random
// lattices to learn from. Every field is trained for as many steps of eight lattices, and judged by the canonical force.

let sites = 12
let parameters = SquareParameters(sites: sites)

/// The lattice with electrons of an ensemble, solved exactly.
func exact(_ ensemble: ElectronConfiguration.Ensemble, _ parameters: SquareParameters = parameters) throws
  -> HolsteinSquareSystem
{
  try HolsteinSquareSystem(
    parameters, ElectronConfiguration(ensemble: ensemble, engine: .exact), SquareDynamics(saveEvery: 20))
}

/// Frames of quenches. The dynamics is that of windows of 5 × 5 sites, which is near enough for configurations; their
/// forces are exact.
func quenches(_ numbers: Range<Int>, frames: Int, _ parameters: SquareParameters = parameters) throws
  -> [[State<Double>]]
{
  let system = try HolsteinSquareSystem(
    parameters, ElectronConfiguration(engine: .windowed, radius: 2), SquareDynamics(saveEvery: 20))
  var ensemble = try system.ensemble(numbers, seed: 1, workers: 2)
  var result = [[State<Double>]](repeating: [], count: numbers.count)
  for _ in 0..<frames {
    for (k, frame) in try ensemble.advance().enumerated() { result[k].append(frame.state) }
  }
  return result
}

/// The force at each state.
func forces(_ states: [State<Double>], _ system: HolsteinSquareSystem) -> [[Double]] {
  states.map { Array(system.tendency(of: $0, at: 0)!["P"]) }
}

func window(_ states: [State<Double>], _ forces: [[Double]], number: Int) throws -> TrainingWindow {
  // The last frame ends the last interval, and is not learnt from.
  let frames = states + [states[states.count - 1]]
  return try TrainingWindow(
    trajectory: number, start: 0, layout: states[0].layout, values: frames.flatMap { $0.single.values },
    tendencies: forces.flatMap { [Float](repeating: 0, count: $0.count) + $0.map { Float($0) } })
}

/// Root mean square and largest error.
func error(_ found: [[Double]], _ expected: [[Double]]) -> (root: Double, largest: Double) {
  let errors = zip(found, expected).flatMap { zip($0, $1).map { abs($0 - $1) } }
  return (
    (errors.reduce(0) { $0 + $1 * $1 } / Double(max(1, errors.count))).squareRoot(), errors.max() ?? .nan
  )
}

struct Variant {
  let name: String
  let family: ModelFamily
  let keys: [String]

  static let all = [
    Variant(name: "all of it, 32-32-32-32", family: .directForce, keys: []),
    Variant(name: "springs learned, too", family: .directForce, keys: ["elastic=learned"]),
    Variant(name: "n = ½ + f without bounds", family: .directForce, keys: ["density=linear"]),
    Variant(name: "not odd", family: .directForce, keys: ["odd=false"]),
    Variant(name: "labels at half filling", family: .directForce, keys: ["ensemble=canonical"]),
    Variant(
      name: "none of it, relu", family: .directForce,
      keys: ["elastic=learned", "odd=false", "activation=relu", "ensemble=canonical"]),
    Variant(
      name: "none of it at μ = 0, relu", family: .directForce,
      keys: ["elastic=learned", "odd=false", "activation=relu"]),
    Variant(name: "all of it, 16-16", family: .directForce, keys: ["widths=16-16"]),
    Variant(name: "energy 16-32-16", family: .energyForce, keys: []),
    Variant(name: "descriptors 128-64-32", family: .descriptorForce, keys: []),
    Variant(name: "convolutions over D4, 4-4-4", family: .equivariantForce, keys: []),
  ]
}

func train(_ variant: Variant, _ windows: [TrainingWindow], steps: Int) throws -> (ForceFieldModel, seconds: Double) {
  let section = try ConfigurationSection(variant.keys, diagnostics: ConfigurationDiagnostics())
  let system = try exact(.canonical)
  let model = try ModelConfiguration(variant.family, section).with(layout: system.layout, interval: 1).completed(
    by: system.attributes)
  var configuration = TrainerConfiguration(
    model: model, curriculum: Curriculum(stages: [CurriculumStage(batches: steps, steps: 1, noise: 0)]))
  configuration.schedule = LearningRateSchedule(base: 3e-3, warmUp: 100)
  (configuration.weightDecay, configuration.maximumGradientNorm, configuration.seed) = (0, 10, 1)
  configuration.workers = 1
  let trainer = try Trainer(configuration: configuration)
  let start = clock()
  while !trainer.isFinished {
    var random = CounterRandom(seed: 1, purpose: .evaluation, step: UInt64(trainer.step))
    // Every fourth lattice is a random one.
    let samples = (0..<8).map { k in
      let range = k % 4 == 0 ? 24..<windows.count : 0..<24
      let window = windows[range.lowerBound + Int(random.next() % UInt64(range.count))]
      return TrainingSample(window, offset: Int(random.next() % UInt64(window.steps)))
    }
    try trainer.step(TrainingBatch(samples, steps: 1))
  }
  let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
  return (try trainer.model() as! ForceFieldModel, seconds)
}

/// Canonical forces by a field; nil where it finds no chemical potential.
func learned(_ model: ForceFieldModel, _ states: [State<Double>], sites: Int) throws -> [[Double]] {
  let field = try model.forceField(rows: sites, columns: sites, ensemble: .canonical)
  return states.map {
    field.evaluate(Array($0["Q"])) ? field.force : [Double](repeating: .infinity, count: sites * sites)
  }
}

/// A line at once, also where it goes into a file.
func say(_ line: String) {
  print(line)
  fflush(nil)
}

let steps = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 6000
let (canonical, local) = (try exact(.canonical), try exact(.grandCanonical))
let training = try quenches(0..<24, frames: 61) + quenches(100..<164, frames: 1).map { $0 + $0 }
let heldOut = try quenches(200..<204, frames: 61)
let random = try quenches(300..<316, frames: 1).map { $0[0] }
let kinds: [(String, [State<Double>])] = [
  ("random", random), ("t ≤ 15", heldOut.flatMap { $0[1...15] }), ("t > 15", heldOut.flatMap { $0[16...] }),
]
let truth = kinds.map { forces($0.1, canonical) }
let larger = SquareParameters(sites: 24)
let far = try quenches(0..<1, frames: 31, larger)[0].enumerated().filter { $0.offset % 5 == 0 }.map(\.element)
let farTruth = forces(far, try exact(.canonical, larger))
let labels = try [
  "grand-canonical": training.enumerated().map { try window($1, forces($1, local), number: $0) },
  "canonical": training.enumerated().map { try window($1, forces($1, canonical), number: $0) },
]
func cell(_ error: (root: Double, largest: Double)) -> String {
  String(format: "%.3f (%.1f)", error.root, error.largest)
}
say("| field | parameters | " + kinds.map(\.0).joined(separator: " | ") + " | 24 × 24, t ≤ 30 | CPU s |")
say("|---|---|---|---|---|---|---|")
for radius in [1, 2, 3] {
  let windowed = try HolsteinSquareSystem(parameters, ElectronConfiguration(engine: .windowed, radius: radius))
  let wide = try HolsteinSquareSystem(larger, ElectronConfiguration(engine: .windowed, radius: radius))
  say(
    "| windows, R = \(radius) | | "
      + zip(kinds, truth).map { cell(error(forces($0.1, windowed), $1)) }.joined(separator: " | ")
      + " | \(cell(error(forces(far, wide), farTruth))) | |")
}
for variant in Variant.all {
  let ensemble = variant.keys.contains("ensemble=canonical") ? "canonical" : "grand-canonical"
  let (model, seconds) = try train(variant, labels[ensemble]!, steps: steps)
  let cells = try zip(kinds, truth).map { cell(error(try learned(model, $0.1, sites: sites), $1)) }
  say(
    "| \(variant.name) | \(model.parameters.count) | \(cells.joined(separator: " | ")) | "
      + cell(error(try learned(model, far, sites: 24), farTruth)) + String(format: " | %.0f |", seconds))
}
