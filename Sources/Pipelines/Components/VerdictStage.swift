internal import Climate
internal import Disk
internal import Foundation
internal import Learning
internal import Settings
internal import Streams

/// Judges every checkpoint that lands by rollouts from held-out trajectories.
struct VerdictStage: Component, Judging, Changeable {
  static let word = "verdict"
  static let summary = "Rolls each checkpoint out on held-out trajectories and compares with the truth."
  static let inputs: Set<ElementType> = [.checkpoints]
  static let output: ElementType? = .verdicts
  static let changeableKeys: Set<String> = ["alert", "share"]

  let settings: VerdictSettings

  init(_ section: ConfigurationSection) { settings = VerdictSettings(section) }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    guard case .checkpoints(let checkpoints)? = input else { return nil }
    let elsewhere = try RemoteVerdicts(settings, node: node, in: assembly)
    let judge = try CheckpointJudge(settings, node: node.id, in: assembly)
    let settings = settings
    let live = assembly.live(self, of: node)
    var evaluations = CheckpointEvaluations(
      evaluator: node.id, policy: settings.policy, mayMiss: node.delivery == .latest, hysteresis: settings.hysteresis,
      folder: assembly.checkpoints(watchedBy: node.from), ledger: try assembly.ledger(), patience: assembly.patience)
    if assembly.isResuming { evaluations.logs = try assembly.logs(of: node.id).map { try LoggedVerdicts($0) } }
    let flow: Flow<Verdict> = assembly.graph.stage(
      node.id, kind: Self.word, reading: node.inlet(checkpoints), on: ThreadExecutor(name: node.id)
    ) { [evaluations] files, emit in
      var judge = judge
      var (settings, version) = (settings, 0)
      var watch = try settings.alerts.watch(node.id, in: assembly)
      var expired = Expired(node: node.id)
      let book = Book(node: node.id, assembly: assembly, evaluations: evaluations)
      @Sendable func say(_ words: String?) { if let words { assembly.events.send(.message(words)) } }
      say(expired.first(try evaluations.expireMissing()))
      let (entered, lost) = try evaluations.putRight()
      for verdict in entered {
        assembly.judged.add(verdict)
        try watch?.observe(verdict.numbers, at: ("step", verdict.step), isComplete: true)
      }
      if !lost.isEmpty {
        say(
          "\(node.id): the verdicts on steps \(lost.map(String.init).joined(separator: ", ")) are in the ledger and not in the log, and their checkpoints are retired"
        )
      }
      if let elsewhere {
        try await elsewhere.run(files, evaluations) { file, answer, began in
          if let change = live.change(since: &version) {
            watch = try change.value.settings.alerts.watch(node.id, in: assembly)
          }
          switch answer.failure?.kind {
          case .truth: book.refuse(answer.failure!.words)
          case .checkpoint: try book.fail(file, answer.failure!.words, began: began)
          case nil: break
          }
          if let verdict = answer.verdict {
            try await book.enter(verdict, on: file, began: began, emit)
            try watch?.observe(verdict.numbers, at: ("step", verdict.step), isComplete: true)
          }
          say(expired.first(try evaluations.expireMissing()))
        }
        say(expired.first(try evaluations.expireMissing()))
        say(expired.total)
        return
      }
      for try await file in files {
        if let change = live.change(since: &version) {
          settings = change.value.settings
          watch = try settings.alerts.watch(node.id, in: assembly)
        }
        if let wait = judge.waitsForTruth {
          assembly.events.send(.message("\(file.name) waits to be judged: \(wait)"))
          await judge.waitForTruth()
          try Task.checkCancellation()
        }
        let begin = ContinuousClock.now
        let began = evaluations.clock()
        do {
          // Held before it is looked for, so that it cannot be retired in between, nor before it can be the best.
          try await Leases.shared.holding(file.url) {
            guard try evaluations.isDue(file) else { return }
            let verdict = try judge.verdict(on: file)
            try await book.enter(verdict, on: file, began: began, emit)
            try watch?.observe(verdict.numbers, at: ("step", verdict.step), isComplete: true)
          }
        } catch let error as CheckpointJudge.TooEarly {
          assembly.events.send(.message("\(file.name) was not judged: \(error)"))
        } catch let error as ClimateError {
          // There is no truth to judge by. Training goes on; it is said once, and again at the end.
          book.refuse("\(error)")
        } catch let error as LearningError {
          // A file that was retired before its turn, or is damaged: said, and not the end of the run.
          try book.fail(file, "\(error)", began: began)
        }
        say(expired.first(try evaluations.expireMissing()))
        let pause = settings.pause(after: .now - begin)
        if pause > .zero, !assembly.graph.stop.isRequested { try await Task.sleep(for: pause) }
      }
      say(expired.first(try evaluations.expireMissing()))
      say(expired.total)
    }
    return .verdicts(flow)
  }

  /// What becomes of a checkpoint, wherever it was judged.
  private struct Book {
    let node: String
    let assembly: PipelineAssembly
    let evaluations: CheckpointEvaluations

    func enter(_ verdict: Verdict, on file: CheckpointFile, began: Double, _ emit: Outlet<Verdict>) async throws {
      var verdict = verdict
      verdict.file = file.inode
      assembly.judged.add(verdict)
      assembly.events.send(.row(verdict.row(of: node)))
      try await emit(verdict)
      // Only what is in the logs is called evaluated.
      if await emit.settle() {
        AppendedFile.synchroniseAll()
        _ = try evaluations.evaluated(file, verdict, began: began)
      }
    }

    func fail(_ file: CheckpointFile, _ words: String, began: Double) throws {
      let outcome = try evaluations.failed(file, words, began: began)
      assembly.events.send(.message("\(file.name) could not be judged (\(outcome.rawValue)): \(words)"))
    }

    /// There is no truth to judge by: said once here, and again at the end.
    func refuse(_ words: String) {
      if assembly.judged.refuse(words) {
        assembly.events.send(.message("\(node): no checkpoint can be judged: \(words)"))
      }
    }
  }

  /// What is said of checkpoints that were retired before their turn: of the first, and how many there were.
  private struct Expired {
    let node: String
    var count = 0

    init(node: String) { self.node = node }

    /// The words for the first ones; nil for later ones.
    mutating func first(_ steps: [Int]) -> String? {
      defer { count += steps.count }
      guard count == 0, let step = steps.first else { return nil }
      return
        "\(node): the checkpoint of step \(step) was retired before it could be judged; give the trainer a larger `keep:`, or judge faster (ledger.jsonl has what became of each)"
    }

    var total: String? {
      count > 1 ? "\(node): \(count) checkpoints were retired before they could be judged" : nil
    }
  }
}
