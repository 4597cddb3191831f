internal import Climate
internal import Foundation
internal import Learning
internal import Settings
internal import Streams

/// Judges every checkpoint that lands by rollouts from held-out trajectories.
struct VerdictStage: Component, Judging {
  static let word = "verdict"
  static let summary = "Rolls each checkpoint out on held-out trajectories and compares with the truth."
  static let inputs: Set<ElementType> = [.checkpoints]
  static let output: ElementType? = .verdicts

  let settings: VerdictSettings

  init(_ section: ConfigurationSection) { settings = VerdictSettings(section) }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    guard case .checkpoints(let checkpoints)? = input else { return nil }
    let judge = try CheckpointJudge(settings, node: node.id, in: assembly)
    let settings = settings
    let evaluations = CheckpointEvaluations(
      evaluator: node.id, policy: settings.policy, mayMiss: node.delivery == .latest, hysteresis: settings.hysteresis,
      folder: assembly.checkpoints(watchedBy: node.from), ledger: try assembly.ledger())
    let flow: Flow<Verdict> = assembly.graph.stage(
      node.id, kind: Self.word, reading: node.inlet(checkpoints), on: ThreadExecutor(name: node.id)
    ) { files, emit in
      var judge = judge
      var watch = try settings.alerts.watch(node.id, in: assembly)
      try evaluations.expireMissing()
      for try await file in files {
        let begin = ContinuousClock.now
        do {
          // Held before it is looked for, so that it cannot be retired in between.
          let verdict = try Leases.shared.holding(file.url) {
            try evaluations.isDue(file) ? try judge.verdict(on: file) : nil
          }
          guard let verdict else { continue }
          _ = try evaluations.evaluated(file, verdict)
          assembly.judged.add(verdict)
          assembly.events.send(.row(verdict.row(of: node.id)))
          try watch?.observe(verdict.numbers, isComplete: true)
          try await emit(verdict)
        } catch let error as CheckpointJudge.TooEarly {
          assembly.events.send(.message("\(file.name) was not judged: \(error)"))
        } catch let error as ClimateError {
          // There is no truth to judge by. Training goes on; it is said once, and again at the end.
          if assembly.judged.refuse("\(error)") {
            assembly.events.send(.message("\(node.id): no checkpoint can be judged: \(error)"))
          }
        } catch let error as LearningError {
          // A file that was retired before its turn, or is damaged: said, and not the end of the run.
          let outcome = try evaluations.failed(file, "\(error)")
          assembly.events.send(.message("\(file.name) could not be judged (\(outcome.rawValue)): \(error)"))
        }
        let pause = settings.pause(after: .now - begin)
        if pause > .zero, !assembly.graph.stop.isRequested { try await Task.sleep(for: pause) }
      }
    }
    return .verdicts(flow)
  }
}
