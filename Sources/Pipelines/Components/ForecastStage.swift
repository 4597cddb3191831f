internal import Climate
internal import Foundation
internal import Settings
internal import Streams

/// Learns to forecast each column of a log while it grows, and says how wrong it was, what is unusual and what has changed.
struct ForecastStage: Component {
  static let word = "forecast"
  static let summary =
    "Forecasts every column from its past, learning row by row; errors by lead, anomaly scores, tests for change."
  static let inputs: Set<ElementType> = [.observables]
  static let output: ElementType? = .observables

  private let columns: [String]?
  private let settings: WatchSettings
  private let every: Int
  private let tells: Int
  private let alerts: Alerts

  init(_ section: ConfigurationSection) {
    columns = section.optionalText("columns", "The columns to watch, with commas; all when left out")?
      .split(separator: ",").map(\.trimmingWhitespace)
    let isNonlinear = section.choice(
      "model", default: "linear", among: [("linear", false), ("nvar", true)],
      "Linear autoregression with seasonal terms, or with products of the newest values, too")
    let lags = section.integer("lags", default: 12, in: 1...500, "Rows of the past that count")
    let season = section.integer("season", default: 0, in: 0...100_000, "Rows of a season; 0 for none")
    let waves = section.integer("waves", default: 3, in: 0...50, "Sines and cosines of the season that count")
    let products = section.integer(
      "products", default: 4, in: 1...50, "With `nvar`: the newest values whose products, two by two, count")
    if isNonlinear, products > lags { section.problem("must be at most `lags`, \(lags)", key: "products") }
    let written = section.text("leads", default: "1, 3, 12", "Rows ahead at which errors are told, with commas")
    let leads = written.split(separator: ",").map { Int($0.trimmingWhitespace) ?? 0 }
    if leads.isEmpty || leads.contains(where: { $0 < 1 || $0 > 10_000 }) || leads.count > 20 {
      section.problem("expected 1 to 20 whole numbers from 1 to 10000, got `\(written)`", key: "leads")
    }
    let warmUp = section.integer(
      "warm-up", default: max(100, 4 * lags), in: 10...1_000_000,
      "Rows before the first forecast, and to learn from after a change")
    let memory = section.integer(
      "memory", default: max(1000, 3 * season, warmUp), in: 10...10_000_000,
      "Rows over which errors are averaged and compared")
    if warmUp < 2 * lags + 2 { section.problem("must be at least 2 · `lags` + 2, \(2 * lags + 2)", key: "warm-up") }
    if memory < max(warmUp, season) { section.problem("must be at least `warm-up` and `season`", key: "memory") }
    let forgetting = section.number(
      "forgetting", default: 0.9995, in: 0.5...1, "Weight of a row relative to the one after it, in learning")
    let falseAlarms = section.number(
      "false-alarms", default: 0.01, in: 1e-6...0.5, "Share of ordinary rows that raise an alarm")
    let refitsOnChange = section.flag("refit-on-change", default: true, "Models are made anew after a change")
    let refitEvery = section.optionalInteger(
      "refit-every", in: 10...1_000_000_000, "Rows between refits to the last `memory` rows; none when left out")
    every = section.integer(
      "every", default: 1, in: 1...1_000_000_000, "Rows between two that are given on; alarms and changes always are")
    tells = section.integer(
      "tell-every", default: 1000, in: 1...1_000_000_000, "Rows between two tables, and two savings")
    let shape = SeriesModel.Shape(
      lags: lags, season: season, waves: waves, products: isNonlinear ? min(products, lags) : 0)
    let sound = max(warmUp, 2 * lags + 2)
    settings = WatchSettings(
      model: shape, leads: leads.filter { $0 > 0 }, warmUp: sound, memory: max(memory, sound, season),
      forgetting: forgetting,
      falseAlarms: falseAlarms, refitsOnChange: refitsOnChange, refitEvery: refitEvery)
    alerts = Alerts(section)
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    guard case .observables(let rows)? = input else { return nil }
    let file = WatchedColumns.File(assembly.directory.file("forecast-\(node.id).json"))
    let kept = assembly.isResuming ? try file.read(settings, columns, node: node.id) : nil
    let given = assembly.isResuming ? try ForecastLog.rows(in: assembly.logs(of: node.id)) : 0
    let (columns, settings, every, tells, alerts) = (columns, settings, every, tells, alerts)
    let (events, patience) = (assembly.events, assembly.patience)
    let flow: Flow<Observation> = assembly.graph.stage(
      node.id, kind: Self.word, reading: node.inlet(rows), on: ThreadExecutor(name: node.id)
    ) { rows, emit in
      var watched = kept
      let learned = kept?.rows ?? 0
      // What was learnt before is not learnt again; that it is the same is seen by its sum.
      var earlier = WatchedColumns.Fingerprint()
      var passed = 0
      var names: [String]?
      var places: [Int?] = []
      var told: Set<String> = []
      var watch = try alerts.watch(node.id, in: assembly)
      func save() async throws {
        guard let watched else { return }
        _ = try await patience("forecast-\(node.id).json") { try file.write(watched) }
      }
      func tell() {
        for row in watched?.table ?? [] { events.send(.row(row)) }
      }
      for try await row in rows {
        if names != row.names {
          names = row.names
          if let known = watched?.names {
            // A line of JSON may lack a key, which is then a gap, or bring one that was not there in the first line.
            places = known.map { row.names.firstIndex(of: $0) }
            let new = columns == nil ? row.names.filter { !known.contains($0) && told.insert($0).inserted } : []
            for name in new {
              events.send(
                .message("\(node.id): `\(name)` was not in the first row and is not watched; a new run would watch it"))
            }
          } else {
            places = try WatchedColumns.places(of: columns, in: row.names, node: node.id)
          }
        }
        let values = places.map { $0.map { row.values[$0] } ?? .nan }
        if passed < learned {
          earlier.add(values)
          passed += 1
          guard passed == learned, earlier != watched!.fingerprint else { continue }
          throw RunError(
            .badInput,
            "\(node.id): the first \(learned) rows are others than those that the run learnt from: the file was rotated or replaced; start a new run"
          )
        }
        if watched == nil {
          watched = WatchedColumns(names: places.compactMap { $0.map { row.names[$0] } }, settings)
        }
        let outcome = try watched!.add(row, values, node: node.id)
        for note in outcome.notes { events.send(.message("\(node.id): \(note)")) }
        let isWanted = watched!.rows % every == 0 || outcome.isRemarkable
        if isWanted, watched!.rows > given {
          try watch?.observe(
            outcome.observation.byName.filter { $0.value.isFinite }, at: ("row", watched!.rows - 1),
            isComplete: watched!.rows == settings.warmUp + 2)
          try await emit(outcome.observation)
        }
        if watched!.rows % tells == 0 {
          try await save()
          tell()
        }
      }
      if passed < learned {
        throw RunError(
          .badInput,
          "\(node.id): the file has \(passed) rows, and \(learned) were learnt from: it has shrunk; start a new run")
      }
      if (watched?.rows ?? 0) % tells != 0 {
        try await save()
        tell()
      }
    }
    return .observables(flow)
  }
}
