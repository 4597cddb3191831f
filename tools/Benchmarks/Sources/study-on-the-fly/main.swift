// One quench of a square lattice by learning on the fly and by windows: shares of solved sites, processor time and errors of
// the force against the exact electrons of the states that each meets. A table, and a file of tab-separated frames.
//
//   study-on-the-fly [L [TIME]] --frames FILE    (48 and 60)
import Foundation
import Settings
import Systems
import Trajectories

let arguments = Array(CommandLine.arguments.dropFirst())
let numbers = arguments.prefix { !$0.hasPrefix("--") }.compactMap { Double($0) }
let (sites, time) = (Int(numbers.first ?? 48), numbers.count > 1 ? numbers[1] : 60)
let every = 20

func system(_ settings: [String]) -> any DynamicalSystem {
  let diagnostics = ConfigurationDiagnostics()
  guard let section = try? ConfigurationSection(["L=\(sites)", "every=\(every)"] + settings, diagnostics: diagnostics),
    let made = SystemCatalogue.make("holstein-square", section, seed: 1), diagnostics.problems.isEmpty
  else { fatalError("\(settings): \(diagnostics.problems)") }
  return made
}

/// Processor seconds of this process so far.
func processorSeconds() -> Double {
  var now = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now)
  return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
}

struct Row {
  var time, share, audited, wholly, error, seconds: Double
}

/// A frame a row; the exact forces are not in its time.
func quench(_ settings: [String], ensemble: String) throws -> [Row] {
  let moving = system(settings + ["ensemble=\(ensemble)"])
  let exact = system(["ensemble=\(ensemble)"])
  let count = Double(sites * sites)
  var start = processorSeconds()
  var lattice = try moving.ensemble(0..<1, seed: 1, workers: 1)
  var seconds = processorSeconds() - start
  return try (0...Int(time / 0.05 / Double(every))).map { _ in
    start = processorSeconds()
    let frame = try lattice.advance()[0]
    seconds += processorSeconds() - start
    defer { seconds = 0 }
    var summary = OnTheFlySummary()
    for record in lattice.takeRecords() { summary.add(record, sites: sites * sites) }
    guard let truth = exact.labels(of: frame.state, at: frame.time), let own = frame.tendency else {
      fatalError("\(settings): no forces at time \(frame.time)")
    }
    let squares = zip(truth["force"], own["P"]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return Row(
      time: frame.time, share: summary.share, audited: summary.error, wholly: summary.wholeError,
      error: (squares / count).squareRoot(),
      seconds: seconds)
  }
}

func mean(_ rows: [Row], _ value: (Row) -> Double) -> Double { rows.reduce(0) { $0 + value($1) } / Double(rows.count) }
func root(_ rows: [Row], _ value: (Row) -> Double) -> Double {
  let known = rows.filter { value($0).isFinite }
  return (known.reduce(0) { $0 + value($1) * value($1) } / Double(known.count)).squareRoot()
}

let learning = [
  "engine=on-the-fly", "on-the-fly.whole=windowed", "on-the-fly.audit-share=0.002", "on-the-fly.audit-steps=0.005",
]
let cases: [(name: String, settings: [String])] = [
  ("windows R = 1", ["engine=windowed", "radius=1"]), ("windows R = 2", ["engine=windowed", "radius=2"]),
  (
    "from the recursion, R = 2, 0.05",
    learning + ["radius=2", "on-the-fly.target-error=0.05", "on-the-fly.base=recursion"]
  ),
  ("from windows, R = 2, 0.05", learning + ["radius=2", "on-the-fly.target-error=0.05", "on-the-fly.base=windows"]),
  ("from windows, R = 2, 0.02", learning + ["radius=2", "on-the-fly.target-error=0.02", "on-the-fly.base=windows"]),
  ("from windows, R = 3, 0.02", learning + ["radius=3", "on-the-fly.target-error=0.02", "on-the-fly.base=windows"]),
]
var lines = ["ensemble\tway\ttime\tshare\taudited\terror\tseconds"]
print("L = \(sites), T = 0.1, from the hot start to t = \(time); force errors are root mean squares, against `exact`")
print("                                              µs a site |   t ≤ 10         10 < t ≤ 20           t > 20")
print("                                            to the end |  solved error  solved error  solved error  by audit")
for ensemble in ["canonical", "grand-canonical"] {
  for (name, settings) in cases {
    let rows = try quench(settings, ensemble: ensemble)
    let total = rows.reduce(0) { $0 + $1.seconds } * 1e6 / (time / 0.05 * Double(sites * sites))
    var text =
      "\(ensemble), \(name)".padding(toLength: 44, withPad: " ", startingAt: 0) + String(format: "%8.2f   |", total)
    for (low, high) in [(0.0, 10.0), (10, 20), (20, .infinity)] {
      let own = rows.filter { $0.time > low && $0.time <= high }
      text +=
        (settings.contains("engine=on-the-fly") ? String(format: "%7.3f", mean(own, \.share)) : "      –")
        + String(format: "%7.4f", root(own, \.error))
      if high == .infinity, settings.contains("engine=on-the-fly") {
        text += String(format: "  %8.4f  %8.4f", root(own, \.audited), root(own, \.wholly))
      }
    }
    print(text)
    lines += rows.map { "\(ensemble)\t\(name)\t\($0.time)\t\($0.share)\t\($0.audited)\t\($0.error)\t\($0.seconds)" }
  }
}
if let place = arguments.firstIndex(of: "--frames"), place + 1 < arguments.count {
  try (lines.joined(separator: "\n") + "\n").write(toFile: arguments[place + 1], atomically: true, encoding: .utf8)
}
