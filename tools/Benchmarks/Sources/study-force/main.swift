import Foundation
import Learning
import Quenches
import Systems
import Trajectories

// What each piece of physics in a force field is worth: the study behind docs/force-fields.md, as a Markdown table.
//
//   study-force [STEPS]
//
// Quenches of 12 × 12 sites at T = 0.1, a frame each time unit up to 60, 24 to learn from and 4 held out, and 64 random
// lattices to learn from. Every field is trained for as many steps of eight lattices, and judged by the canonical force.

let sites = 12
let parameters = SquareParameters(sites: sites)

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
let canonical = try Quenches.exact(.canonical, parameters)
let local = try Quenches.exact(.grandCanonical, parameters)
let training =
  try Quenches.states(0..<24, frames: 61, parameters)
  + Quenches.states(100..<164, frames: 1, parameters).map { $0 + $0 }
let heldOut = try Quenches.states(200..<204, frames: 61, parameters)
let random = try Quenches.states(300..<316, frames: 1, parameters).map { $0[0] }
let kinds: [(String, [State<Double>])] = [
  ("random", random), ("t ≤ 15", heldOut.flatMap { $0[1...15] }), ("t > 15", heldOut.flatMap { $0[16...] }),
]
let truth = kinds.map { Quenches.forces($0.1, canonical) }
let larger = SquareParameters(sites: 24)
let far = try Quenches.states(0..<1, frames: 31, larger)[0].enumerated().filter { $0.offset % 5 == 0 }.map(\.element)
let farTruth = Quenches.forces(far, try Quenches.exact(.canonical, larger))
let labels = try [
  "grand-canonical": training.enumerated().map {
    try Quenches.window($1, Quenches.forces($1, local), number: $0)
  },
  "canonical": training.enumerated().map {
    try Quenches.window($1, Quenches.forces($1, canonical), number: $0)
  },
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
      + zip(kinds, truth).map { cell(error(Quenches.forces($0.1, windowed), $1)) }.joined(separator: " | ")
      + " | \(cell(error(Quenches.forces(far, wide), farTruth))) | |")
}
for variant in Variant.all {
  let ensemble = variant.keys.contains("ensemble=canonical") ? "canonical" : "grand-canonical"
  let (model, seconds) = try Quenches.train(
    variant.family, variant.keys, of: canonical, labels[ensemble]!, random: 24, steps: steps)
  let cells = try zip(kinds, truth).map { cell(error(try learned(model, $0.1, sites: sites), $1)) }
  say(
    "| \(variant.name) | \(model.parameters.count) | \(cells.joined(separator: " | ")) | "
      + cell(error(try learned(model, far, sites: 24), farTruth)) + String(format: " | %.0f |", seconds))
}
