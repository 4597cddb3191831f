internal import Climate
internal import Foundation
internal import Settings
internal import Streams
internal import Synchronization
internal import Trajectories

/// A log of whatever flows in, a line each.
struct JSONLinesSink: Component, Logging {
  static let word = "jsonl"
  static let summary = "Appends a JSON line with number and checksum for each element (`jsonl: FILE`)."
  static let inputs: Set<ElementType> = [.frames, .observables, .trainingSteps, .checkpoints, .climate, .verdicts]
  static let output: ElementType? = nil

  let path: String

  init(_ section: ConfigurationSection) {
    path = section.shorthand ?? section.text("path", default: "log.jsonl", "The log, relative to the run's folder")
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let log = try JSONLinesLog(assembly.directory.file(path))
    let (what, patience) = (path, assembly.patience)
    func add<Element: Sendable, Line: Encodable & Sendable>(
      _ flow: Flow<Element>, _ line: @escaping @Sendable (Element) -> Line
    ) {
      assembly.graph.sink(
        node.id, kind: Self.word, reading: node.inlet(flow),
        into: WritingSink(what: what, patience: patience) { try log.append(line($0)) })
    }
    switch input {
    case .frames(let flow):
      let lines = FrameLines(assembly.trajectorySource(node.from))
      add(flow) { lines.line($0) }
    case .observables(let flow): add(flow) { $0 }
    case .trainingSteps(let flow): add(flow) { $0 }
    case .checkpoints(let flow): add(flow) { CheckpointLine($0) }
    case .climate(let flow): add(flow) { $0 }
    case .verdicts(let flow):
      // A verdict that was given again after a kill, because only another log had it.
      let known = Mutex(assembly.isResuming ? try LoggedVerdicts(log.url) : LoggedVerdicts())
      assembly.graph.sink(
        node.id, kind: Self.word, reading: node.inlet(flow),
        into: WritingSink<Verdict>(what: what, patience: patience) { verdict in
          guard known.withLock({ !$0.contains(step: verdict.step, file: verdict.file) }) else { return }
          try log.append(verdict)
          // Only now: what a full disk refuses comes again.
          known.withLock { _ = $0.insert(step: verdict.step, file: verdict.file) }
        })
    case nil: break
    }
    return nil
  }
}
