import Climate
import Foundation

// Watches the series of data/series beside river (PyPI), series by series in turn: errors by lead, and rows a second.
// bench-watch [--python PATH] [--alone] [SERIES...]

struct Series {
  let name: String
  let season: Int

  static let all = [
    Series(name: "sunspots", season: 11), Series(name: "el-nino", season: 12), Series(name: "co2", season: 52),
  ]

  /// The numbers of the column after the time; those that are missing are left out, as for the peer.
  func values() throws -> [Double] {
    let text = try String(contentsOfFile: "data/series/\(name).csv", encoding: .utf8)
    return text.split(separator: "\n").dropFirst().compactMap {
      Double($0.split(separator: ",", omittingEmptySubsequences: false).dropFirst().first ?? "")
    }
  }
}

struct Measured {
  var errors: [SeriesWatch.Errors]
  var rate: Double
}

func watch(_ values: [Double], season: Int, products: Int) -> Measured {
  let settings = WatchSettings(
    model: .init(lags: 12, season: season, waves: 3, products: products), leads: [1, 3, 12], warmUp: 60,
    memory: max(values.count, 4 * season))
  var watch = SeriesWatch(settings)
  let rounds = max(1, 20_000 / values.count)
  let time = ContinuousClock().measure {
    for _ in 0..<rounds {
      watch = SeriesWatch(settings)
      for value in values { _ = watch.add(value) }
    }
  }
  return Measured(errors: watch.errors, rate: Double(rounds * values.count) / (time / .seconds(1)))
}

var arguments = Array(CommandLine.arguments.dropFirst())
var python = ".venv/bin/python"
if let at = arguments.firstIndex(of: "--python"), at + 1 < arguments.count {
  python = arguments[at + 1]
  arguments.removeSubrange(at...(at + 1))
}
let isAlone = arguments.contains("--alone")
let names = arguments.filter { !$0.hasPrefix("--") }
print("series     what                      RMSE 1 ahead  3 ahead  12 ahead   rows a second")
for series in Series.all where names.isEmpty || names.contains(series.name) {
  let values = try series.values()
  func line(_ what: String, _ errors: [Double?], _ rate: Double?) {
    print(
      series.name.padding(toLength: 10, withPad: " ", startingAt: 0),
      what.padding(toLength: 25, withPad: " ", startingAt: 0),
      errors.map { String(format: "%-10.4g", $0 ?? .nan) }.joined(),
      rate.map { String(format: "%.3g", $0) } ?? "")
  }
  let linear = watch(values, season: series.season, products: 0)
  line("linear, seasonal waves", linear.errors.map(\.model), linear.rate)
  let nonlinear = watch(values, season: series.season, products: 4)
  line("nvar", nonlinear.errors.map(\.model), nonlinear.rate)
  line("linear autoregression", linear.errors.map(\.linear), nil)
  line("one season before", linear.errors.map(\.naive), nil)
  guard !isAlone else { continue }
  let process = Process()
  process.executableURL = URL(filePath: python)
  process.arguments = ["tools/Benchmarks/peers/watch.py", series.name, "\(series.season)"]
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let data = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  guard process.terminationStatus == 0 else {
    print("           the peer failed")
    continue
  }
  struct Peer: Decodable {
    var name: String
    var rmse: [Double]
    var rate: Double
  }
  for peer in try JSONDecoder().decode([Peer].self, from: data) {
    line(peer.name, peer.rmse, peer.rate)
    print("           rows a second, linear over river's: " + String(format: "%.0f", linear.rate / peer.rate))
  }
}
