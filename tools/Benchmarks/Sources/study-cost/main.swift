import Foundation
import Learning
import Quenches
import Systems
import Tensors
import Trajectories

// What one force of the square lattice costs by every engine against the number of sites, and a step of a large lattice by
// a learned field: the study behind the cost section of docs/square-lattice.md.
//
//   study-cost [LARGEST]          lines of engine, L and processor milliseconds, sizes 16, 32, … up to LARGEST (512)
//   study-cost rollout L STEPS    processor and wall-clock milliseconds of a step of velocity Verlet by the field
//
// Half filling, T = 0.1, hot random displacements, one core; the least of several. An engine is left out beyond the size at
// which a force takes ten seconds. The field is gnn-direct 32-32-32-32, trained for 1500 steps on quenches of 12 × 12.

func now(_ clock: clockid_t = CLOCK_PROCESS_CPUTIME_ID) -> Double {
  var time = timespec()
  clock_gettime(clock, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

/// Processor seconds of one call: the least of up to five, or of as many as begin within three seconds.
func seconds(_ body: () -> Void) -> Double {
  let begin = now()
  body()
  var best = now() - begin
  for _ in 0..<5 where now() - begin < 3 {
    let start = now()
    body()
    best = min(best, now() - start)
  }
  return best
}

func say(_ line: String) {
  print(line)
  fflush(nil)
}

func learnedField() throws -> ForceFieldModel {
  let parameters = SquareParameters(sites: 12)
  let local = try Quenches.exact(.grandCanonical, parameters)
  let states =
    try Quenches.states(0..<8, frames: 61, parameters)
    + Quenches.states(100..<132, frames: 1, parameters).map { $0 + $0 }
  let windows = try states.enumerated().map { try Quenches.window($1, Quenches.forces($1, local), number: $0) }
  return try Quenches.train(
    .directForce, [], of: Quenches.exact(.canonical, parameters), windows, random: 8, steps: 1500
  ).field
}

func hot(_ sites: Int) throws -> State<Double> {
  let system = try HolsteinSquareSystem(
    SquareParameters(sites: sites), ElectronConfiguration(engine: .windowed, radius: 1))
  var ensemble = try system.ensemble(0..<1, seed: 1)
  return try ensemble.advance()[0].state
}

func measure(upTo largest: Int) throws {
  let field = try learnedField()
  var isLeftOut: Set<String> = []
  for sites in sequence(first: 16, next: { 2 * $0 }).prefix(while: { $0 <= largest }) {
    let state = try hot(sites)
    let engines: [(String, ElectronConfiguration)] = [
      ("diagonal", ElectronConfiguration(engine: .diagonal)), ("poles", ElectronConfiguration(engine: .poles)),
      ("windowed, R = 2", ElectronConfiguration(engine: .windowed, radius: 2)),
    ]
    for (name, electrons) in engines where !isLeftOut.contains(name) {
      let system = try HolsteinSquareSystem(SquareParameters(sites: sites), electrons)
      let found = seconds { _ = system.tendency(of: state, at: 0) }
      say(String(format: "%@\t%d\t%.4g", name, sites, found * 1e3))
      // The next size is four times as many sites, and up to 64 times as much work.
      if found * (name == "diagonal" ? 64 : name == "poles" ? 8 : 4) > 10 { isLeftOut.insert(name) }
    }
    let learned = try field.forceField(rows: sites, columns: sites, ensemble: .canonical)
    let displacements = Array(state["Q"])
    let found = seconds { _ = learned.evaluate(displacements) }
    say(String(format: "learned\t%d\t%.4g", sites, found * 1e3))
  }
}

func rollOut(_ sites: Int, steps: Int) throws {
  let predictor = try learnedField().predictor(for: hot(sites).layout)
  var state = try hot(sites).single
  // A frame each 20 steps, as the field was trained.
  let frames = max(1, steps / 20)
  let (begin, wall) = (now(), now(CLOCK_MONOTONIC))
  for _ in 0..<frames { predictor.advance(&state) }
  let count = Double(20 * frames)
  say(
    String(
      format: "L = %d, %d steps: %.2f ms of processor time a step, %.2f ms of the clock; finite: %@", sites,
      20 * frames,
      (now() - begin) / count * 1e3, (now(CLOCK_MONOTONIC) - wall) / count * 1e3,
      state.values.allSatisfy(\.isFinite) ? "yes" : "no"))
}

let arguments = CommandLine.arguments.dropFirst().map { $0 }
if arguments.first == "rollout", arguments.count == 3, let sites = Int(arguments[1]), let steps = Int(arguments[2]) {
  try rollOut(sites, steps: steps)
} else {
  try measure(upTo: arguments.first.flatMap { Int($0) } ?? 512)
}
