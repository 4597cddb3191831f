internal import Foundation
internal import Settings
internal import Streams
internal import Trajectories

/// From the rows of a log to the states of a system: what makes a tailed log learnable.
struct StatesStage: Component, ComingOnce {
  static let word = "states"
  static let summary =
    "Makes states of equal intervals from observables, standardised; breaks off at gaps, interpolates nothing."
  static let inputs: Set<ElementType> = [.observables]
  static let output: ElementType? = .frames

  private let columns: [String]
  private let interval: Double?
  private let tolerance: Double
  private let rows: Int
  private let most: Int

  init(_ section: ConfigurationSection) {
    columns =
      (section.shorthand ?? section.text("columns", default: "", "The columns that make up the state, with commas"))
      .split(separator: ",").map(\.trimmingWhitespace)
    if columns.isEmpty, section.shorthand != nil || !section.names.isEmpty {
      section.problem("needs the names of columns: `columns: \"a, b\"`", key: "columns")
    }
    if Set(columns).count < columns.count { section.problem("names a column twice", key: "columns") }
    interval = section.optionalNumber(
      "interval", "Time between two rows; the median of the first rows' when left out")
    if let interval, interval <= 0 { section.problem("must be above 0", key: "interval") }
    tolerance = section.number(
      "tolerance", default: 0.1, in: 0...0.5, "An interval may deviate by this share; beyond, a new trajectory begins")
    rows = section.integer(
      "standardise", default: 256, in: 0...1_000_000,
      "Rows from which each column's mean and deviation are taken, once; 0 leaves the numbers as they are")
    most = section.integer(
      "memory", default: 16_000_000, in: 1000...1_000_000_000, "Numbers of the newest part that are kept for verdicts")
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    guard case .observables(let rows)? = input else { return nil }
    let log = LoggedTrajectories(columns, most: most)
    assembly.register(log, as: node.id, startingAt: 0)
    let beginning = try LogBeginning.File(assembly.directory, node: node.id, isResuming: assembly.isResuming)
    if let kept = beginning.kept { try kept.check(columns, node: node.id) }
    let assembler = StateAssembler(
      names: columns, interval: interval ?? beginning.kept?.interval, tolerance: tolerance, rows: self.rows,
      standardisation: beginning.kept?.standardisation)
    if assembly.isResuming { try Self.readAgain(node, assembler, into: log, beginning, assembly) }
    let (columns, events, stop) = (columns, assembly.events, assembly.graph.stop)
    let flow: Flow<Frame> = assembly.graph.stage(node.id, kind: Self.word, reading: node.inlet(rows)) { rows, emit in
      var assembler = assembler
      var said = 0
      var hasBegun = false
      var places: (names: [String], indices: [Int])?
      defer { log.close() }
      func send(_ frames: [Frame]) async throws {
        // Before the frames that tell it: a store that reads them knows then what is behind it.
        log.end(assembler.takeEnded())
        guard let first = frames.first else { return }
        if !hasBegun {
          try beginning.begin(first, assembler, node: node.id)
          log.settle(assembler.standardisation!, interval: assembler.interval!)
          hasBegun = true
        }
        for frame in frames {
          log.add(frame)
          try await emit(frame)
        }
      }
      for try await row in rows {
        if places?.names != row.names {
          places = (
            row.names,
            try columns.map { column in
              guard let index = row.names.firstIndex(of: column) else {
                throw RunError(
                  .badInput,
                  "\(node.id): there is no column `\(column)`; a row brings \(row.names.joined(separator: ", "))")
              }
              return index
            }
          )
        }
        var row = row
        row.values = places!.indices.map { row.values[$0] }
        row.names = columns
        try await send(assembler.add(row))
        // The first of them, and then ever fewer.
        let breaks = assembler.breaks.values.reduce(0, +)
        if breaks > said, breaks & (breaks - 1) == 0, let sentence = assembler.sentence {
          said = breaks
          events.send(.message("\(node.id): \(sentence)"))
        }
      }
      try await send(assembler.finish())
      if !stop.isRequested { log.finish() }
      if assembler.breaks.values.reduce(0, +) > said, let sentence = assembler.sentence {
        events.send(.message("\(node.id): \(sentence)"))
      }
    }
    return .frames(flow)
  }

  /// Before a run goes on, the log is read as far as it goes: the trainer wants the windows that it held.
  private static func readAgain(
    _ node: PipelineDescription.Node, _ assembler: StateAssembler, into log: LoggedTrajectories,
    _ beginning: LogBeginning.File, _ assembly: PipelineAssembly
  ) throws {
    guard let origin = assembly.description.nodes.first(where: { $0.id == node.from }),
      let tail = origin.component as? any ReadingAgain
    else { return }
    var assembler = assembler
    var hasBegun = false
    func keep(_ frames: [Frame]) throws {
      log.end(assembler.takeEnded())
      guard let first = frames.first else { return }
      if !hasBegun { try beginning.begin(first, assembler, node: node.id) }
      hasBegun = true
      log.settle(assembler.standardisation!, interval: assembler.interval!)
      for frame in frames { log.add(frame) }
    }
    try tail.readThrough { row in
      let values = row.byName
      let numbers = assembler.names.compactMap { values[$0] }
      guard numbers.count == assembler.names.count else { return }
      var row = row
      (row.names, row.values) = (assembler.names, numbers)
      try keep(assembler.add(row))
    }
  }
}
