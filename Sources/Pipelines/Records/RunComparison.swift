internal import Climate
internal import Foundation
internal import Learning

/// What differs between runs: configuration, curves, verdicts, climates. A column a run, everywhere in their order.
struct RunComparison: Encodable {
  /// A run as such.
  struct Run: Encodable {
    var run: String
    var pipeline: String
    var phase: RunState.Phase
    var step: Int?
    var steps: Int?
    var program: ProgramVersion?
  }

  /// A number, or a key's value, of each run; nil where a run has none.
  struct Row<Cell: Encodable>: Encodable {
    var name: String
    var values: [Cell?]
  }

  /// The loss of a trainer against the step.
  struct Curve: Encodable {
    var node: String
    /// `loss`, or `loss on held-out data`.
    var quantity: String
    /// Steps, and at each the median over the steps since the one before.
    var steps: [Int]
    var values: [[Double?]]
  }

  /// Verdicts of a stage, or climates of a monitor.
  struct Numbers: Encodable {
    var node: String
    /// Which of them, by run: the checkpoint's name, or the frames that a climate is over.
    var of: [String?]
    var rows: [Row<Double>]
  }

  var runs: [Run]
  /// Keys whose values differ.
  var settings: [Row<String>]
  var curves: [Curve]
  /// Of the best checkpoint of each run; of the last where none is called best.
  var verdicts: [Numbers]
  /// Of the last window.
  var climates: [Numbers]

  /// - Throws: As `RunRecord`.
  init(_ records: [RunRecord]) throws {
    runs = records.map {
      Run(
        run: $0.directory.shown(), pipeline: $0.state.pipeline, phase: $0.state.phase, step: $0.state.step,
        steps: $0.state.steps, program: $0.state.program)
    }
    settings = Self.settings(records.map(\.description))
    curves = try Self.curves(records)
    verdicts = try Self.numbers(records, of: .verdicts) { record, log in
      let verdicts = try record.verdicts(log)
      let best = record.state.best.flatMap { best in verdicts.last { $0.step == best.step } } ?? verdicts.last
      return best.map { ($0.checkpoint, $0.headline) }
    }
    climates = try Self.numbers(records, of: .climate) { record, log in
      try record.climate(log).map { climate in
        let told = climate.numbers.filter { name, _ in Self.told.contains { name.hasSuffix(" \($0)") } }
        return ("\(climate.frames) frames", told)
      }
    }
  }

  private static let told = ["mean", "variance", "autocorrelation time", "not finite"]

  private static func settings(_ descriptions: [PipelineDescription]) -> [Row<String>] {
    let values = descriptions.map { description in
      Dictionary(description.values.map { ($0.path, $0.text) }) { first, _ in first }
    }
    var paths: [String] = []
    var known: Set<String> = []
    for path in descriptions.flatMap({ $0.values.map(\.path) }) where known.insert(path).inserted { paths.append(path) }
    return paths.compactMap { path in
      let row = values.map { $0[path] }
      return Set(row).count > 1 ? Row(name: path, values: row) : nil
    }
  }

  /// The names of nodes with a log of a type, each once.
  private static func nodes(_ records: [RunRecord], _ type: ElementType) -> [String] {
    records.flatMap { $0.logs(of: type).map(\.node) }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private static func numbers(
    _ records: [RunRecord], of type: ElementType,
    _ read: (RunRecord, RunRecord.Log) throws -> (of: String, numbers: [String: Double])?
  ) throws -> [Numbers] {
    try nodes(records, type).map { node in
      let found = try records.map { record in
        try record.logs(of: type).first { $0.node == node }.flatMap { try read(record, $0) }
      }
      let names = Set(found.flatMap { $0.map { Array($0.numbers.keys) } ?? [] }).sorted()
      return Numbers(
        node: node, of: found.map { $0?.of },
        rows: names.map { name in Row(name: name, values: found.map { $0?.numbers[name] }) })
    }
  }

  // MARK: Curves

  /// Places on the axis of steps at which curves are told.
  private static let places = 8
  private static let mostPoints = 4000

  private static func curves(_ records: [RunRecord]) throws -> [Curve] {
    var curves: [Curve] = []
    for node in nodes(records, .trainingSteps) {
      let steps = try records.map { record -> [TrainingRecord] in
        guard let log = record.logs(of: .trainingSteps).first(where: { $0.node == node }) else { return [] }
        return try record.steps(log, most: mostPoints)
      }
      for quantity in ["loss", "loss on held-out data"] {
        if let curve = curve(of: quantity, node, steps) { curves.append(curve) }
      }
    }
    return curves
  }

  /// - Parameter steps: Of each run.
  /// - Returns: Nil where no run has the quantity.
  private static func curve(of quantity: String, _ node: String, _ steps: [[TrainingRecord]]) -> Curve? {
    let points = steps.map { records -> [(step: Int, value: Double)] in
      records.compactMap { record in record.numbers[quantity].map { (record.report.step, $0) } }
    }
    guard let last = points.compactMap({ $0.last?.step }).max() else { return nil }
    let count = min(places, last + 1)
    let ends: [Int] = (1...count).map { ($0 * (last + 1) + count - 1) / count }
    let medians = points.map { points -> [Double?] in
      var first = 0
      return ends.map { end in
        defer { first = end }
        return median(points.filter { (first..<end).contains($0.step) }.map(\.value))
      }
    }
    return Curve(node: node, quantity: quantity, steps: ends, values: medians)
  }

  private static func median(_ values: [Double]) -> Double? {
    let sorted = values.sorted { $0 < $1 || $1.isNaN && !$0.isNaN }
    return sorted.isEmpty ? nil : sorted[(sorted.count - 1) / 2]
  }
}

extension RunComparison {
  /// The comparison as tables for a terminal.
  func text(width: Int? = nil) -> String {
    let names = runs.map(\.run)
    var parts: [String] = []
    func add(_ title: String, _ head: String, _ rows: [[String]], _ empty: String = "") {
      let table = rows.isEmpty ? empty : TextTable(head: [head] + names, rows: rows).text(width: width)
      if !table.isEmpty { parts.append("\(title)\n\(table)") }
    }
    func number(_ value: Double?) -> String { value.map { String(format: "%.3g", $0) } ?? "" }
    add(
      "Runs", "",
      [
        ["pipeline"] + runs.map(\.pipeline), ["state"] + runs.map(\.phase.rawValue),
        ["step"] + runs.map { run in run.step.map { step in run.steps.map { "\(step)/\($0)" } ?? "\(step)" } ?? "" },
        ["program"] + runs.map { $0.program.map { "\($0.number) \($0.commit)" } ?? "" },
        ["arithmetic"] + runs.map { $0.program?.arithmetic ?? "" },
      ].filter { $0.dropFirst().contains { !$0.isEmpty } })
    add(
      "Configuration", "key", settings.map { [$0.name] + $0.values.map { $0 ?? "–" } },
      "The configurations are the same.")
    for curve in curves {
      add(
        "Median \(curve.quantity) of \(curve.node) up to a step", "step",
        curve.steps.indices.map { k in ["\(curve.steps[k])"] + curve.values.map { number($0[k]) } })
    }
    for verdict in verdicts {
      add(
        "Verdict of \(verdict.node) on the best checkpoint", "",
        [["checkpoint"] + verdict.of.map { $0 ?? "" }] + verdict.rows.map { [$0.name] + $0.values.map(number) })
    }
    for climate in climates {
      add(
        "Climate of \(climate.node), last window", "",
        [["window"] + climate.of.map { $0 ?? "" }] + climate.rows.map { [$0.name] + $0.values.map(number) })
    }
    return parts.joined(separator: "\n\n")
  }
}
