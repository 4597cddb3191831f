internal import Climate
internal import Foundation
internal import Settings
internal import Streams
internal import Synchronization
internal import Trajectories

/// A log of whatever flows in, a line each.
struct JSONLinesSink: Component, Logging, Changeable {
  static let word = "jsonl"
  static let summary = "Appends a JSON line with number and checksum for each element (`jsonl: FILE`)."
  static let inputs: Set<ElementType> = [.frames, .observables, .trainingSteps, .checkpoints, .climate, .verdicts]
  static let output: ElementType? = nil
  static let changeableKeys: Set<String> = ["every"]

  let path: String
  private let every: Int
  private let retention: LogRetention?
  private let places: CurvePlace

  /// Where the curves of verdicts go.
  private enum CurvePlace: String, CaseIterable, Sendable { case file, line, none }

  init(_ section: ConfigurationSection) {
    guard section.shorthand == nil else {
      (path, every, retention, places) = (section.shorthand!, 1, nil, .file)
      return
    }
    path = section.text("path", default: "log.jsonl", "The log, relative to the run's folder")
    every = section.integer(
      "every", default: 1, in: 1...1_000_000_000,
      "Every n-th element is logged; of training steps those with such a number, and all with something to say")
    let keep = section.optionalText(
      "keep", "The oldest files of a rotated log are deleted beyond this: 1 GB or 7 days; of verdicts those of curves")
    retention = keep.flatMap { text in
      Quantity.bytes(text).map(LogRetention.bytes) ?? Quantity.duration(text).map(LogRetention.age)
    }
    if let keep, retention == nil {
      section.problem("expected an amount or an age such as 1 GB or 7 days, got `\(keep)`", key: "keep")
    }
    places = section.choice(
      "curves", default: "file", among: CurvePlace.allCases.map { ($0.rawValue, $0) },
      "Where curves of verdicts are kept: in the file beside the log that ends in .curves, in its lines, or nowhere")
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let url = assembly.directory.file(path)
    // The ledger says what is in a log of verdicts: nothing of it may go.
    let isOfVerdicts = if case .verdicts? = input { true } else { false }
    if isOfVerdicts, every > 1 {
      throw RunError(.badInput, "\(node.id): verdicts are logged one and all; leave `every` out")
    }
    let log = try JSONLinesLog(url, retention: isOfVerdicts ? nil : retention)
    let (what, patience) = (path, assembly.patience)
    func add<Element: Sendable, Line: Encodable & Sendable>(
      _ flow: Flow<Element>, _ line: @escaping @Sendable (Element) -> Line,
      isDue: @escaping @Sendable (Element, Int) -> Bool
    ) {
      let seen = Mutex(0)
      assembly.graph.sink(
        node.id, kind: Self.word, reading: node.inlet(flow),
        into: WritingSink(what: what, patience: patience) { element in
          let number = seen.withLock { $0 }
          if isDue(element, number) { try log.append(line(element)) }
          // Only now: what a full disk refuses comes again.
          seen.withLock { $0 = number + 1 }
        })
    }
    let live = assembly.live(self, of: node)
    switch input {
    case .frames(let flow):
      let lines = FrameLines(assembly.trajectorySource(node.from))
      add(flow, { lines.line($0) }) { frame, _ in frame.index % live.value.every == 0 }
    case .observables(let flow): add(flow, { $0 }) { _, number in number % live.value.every == 0 }
    case .trainingSteps(let flow): add(flow, { $0 }) { record, _ in record.isTold(every: live.value.every) }
    case .checkpoints(let flow): add(flow, { CheckpointLine($0) }) { _, number in number % live.value.every == 0 }
    case .climate(let flow): add(flow, { $0 }) { _, number in number % live.value.every == 0 }
    case .verdicts(let flow):
      // A verdict that was given again after a kill, because only another log had it.
      let known = Mutex(assembly.isResuming ? try LoggedVerdicts(log.url) : LoggedVerdicts())
      let places = places
      let curves = places == .file ? try JSONLinesLog(VerdictCurves.url(of: url), retention: retention) : nil
      assembly.graph.sink(
        node.id, kind: Self.word, reading: node.inlet(flow),
        into: WritingSink<Verdict>(what: what, patience: patience) { verdict in
          guard known.withLock({ !$0.contains(step: verdict.step, file: verdict.file) }) else { return }
          if places == .line {
            try log.append(verdict)
          } else {
            let parts = try VerdictCurves.split(verdict)
            // First: who finds the line finds the curves.
            try curves?.append(parts.curves)
            try log.append(parts.line)
          }
          // Only now: what a full disk refuses comes again.
          known.withLock { _ = $0.insert(step: verdict.step, file: verdict.file) }
        })
    case nil: break
    }
    return nil
  }
}
