internal import Disk
internal import Foundation
internal import Learning
internal import Settings
internal import Streams
internal import Tensors
internal import Trajectories

/// The trainer: learns from frames while they come.
struct OnlineTrainerStage: Component, Training, Changeable {
  static let word = "online-trainer"
  static let summary = "Trains a surrogate from the live stream, by the published recipe, and writes checkpoints."
  static let inputs: Set<ElementType> = [.frames]
  static let output: ElementType? = .trainingSteps
  static let changeableKeys: Set<String> = ["checkpoint-every", "keep", "learning-rate"]
  static let confirmsChanges = true

  let settings: OnlineTraining.Settings
  private let checkpointEvery: Int
  private let keep: Int
  private let keepAnomalies: Int

  init(_ section: ConfigurationSection) {
    settings = OnlineTraining.Settings(section)
    checkpointEvery = section.integer(
      "checkpoint-every", default: 1000, in: 1...1_000_000_000, "Steps between checkpoints")
    keep = section.integer("keep", default: 20, in: 1...1_000_000, "Newest checkpoints that are kept")
    keepAnomalies = section.integer(
      "keep-anomalies", default: 16, in: 0...1_000_000, "Batches that went wrong that are kept, the first ones")
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    guard case .frames(let frames)? = input, let origin = node.from, let source = assembly.trajectorySource(origin)
    else {
      return nil
    }
    // Nothing would ever be learnt, and nothing said.
    if let frames = source.order?.framesPerTrajectory, frames <= settings.windowLength {
      throw RunError(
        .badInput,
        "\(node.id): a window has \(settings.windowLength + 1) frames, and the trajectories of \(origin) have "
          + "\(frames), so that there would be nothing to learn from; make them longer, or set `window:` to at most "
          + "\(frames - 1)")
    }
    var settings = settings
    settings.trainer.seed = assembly.description.seed
    settings.ranks = assembly.ranks
    let folder = CheckpointFolder(assembly.checkpointFolder)
    try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
    let start = assembly.startPosition(of: origin)
    let isHeldOut: @Sendable (Int) -> Bool = { [assembly] in assembly.isHeldOut($0) }
    let graph = assembly.graph
    let stop = graph.stop
    let resumed = assembly.isResuming ? try folder.latest() : nil
    if let begun = resumed?.checkpoint.arithmetic, let sentence = Arithmetic.current.difference(from: begun) {
      assembly.events.send(.message("\(node.id): \(sentence)"))
    }
    let fixed = settings
    let live = assembly.live(self, of: node)
    let ledger = try assembly.ledger()
    // Of an earlier run that was killed between a checkpoint and its entry.
    for file in folder.files { try ledger.land(file, in: folder) }
    let events = assembly.events
    let directory = assembly.directory
    let patience = assembly.patience
    let anomalies = AnomalyFolder(url: directory.file("anomalies"), limit: keepAnomalies)
    // Fails now, with the reason, and not in the middle of the run.
    let prepared: Handover
    do {
      prepared = Handover(
        try resumed.map {
          try OnlineTraining(
            fixed, resuming: $0.checkpoint,
            source: RecordedTrajectories(source, stores: assembly.description.stores(of: origin, in: directory)),
            startingAt: start, isHeldOut: isHeldOut)
        }
          ?? OnlineTraining(fixed, source: source, startingAt: start, isHeldOut: isHeldOut))
    } catch let error as RunError where error.code == .changed {
      throw assembly.refusal(of: node, error)
    }
    if let initial = prepared.value.initial { events.send(.message("\(node.id): \(initial.words)")) }

    let flow: Flow<TrainingRecord> = assembly.graph.stage(
      node.id, kind: Self.word, reading: node.inlet(frames), on: ThreadExecutor(name: node.id)
    ) { frames, emit in
      var training = prepared.value
      var saved = training.trainer?.step
      var (now, version) = (live.value, 0)
      func save() async throws {
        // A resumed run goes on behind the checkpoint: the logs must have all that came before, and on the disk, for a
        // loss of power or a disk that turns read-only leaves the checkpoint and takes what was in memory alone.
        _ = await emit.settle()
        AppendedFile.synchroniseAll()
        try Task.checkCancellation()
        guard let checkpoint = try training.checkpoint(), let step = training.trainer?.step, step != saved else {
          return
        }
        let file = folder.file(step: step)
        let write = { @Sendable in try checkpoint.write(to: file.url) { ledger.willLand(step: step) } }
        guard try await patience(file.url.lastPathComponent, write) != nil else { return }
        // Who judges may never see it: what is retired before its turn must have landed to be missed.
        _ = try await patience("ledger.jsonl") { try ledger.land(file, in: folder) }
        folder.retire(keep: now.keep)
        saved = step
      }
      /// What to say of the last anomaly; nil once enough was said.
      func keepAnomaly() async throws -> String? {
        guard let trainer = training.trainer, let anomaly = trainer.lastAnomaly else { return nil }
        let what = "the batch of step \(anomaly.report.step) that went wrong"
        guard let kept = try await patience(what, { try anomalies.keep(anomaly, of: trainer) }) else { return nil }
        if let kept { return "Its batch is in \(RunDirectory.shown(kept))." }
        defer { areEnough = true }
        return areEnough
          ? nil : "That makes more than the \(anomalies.limit) that are kept; further ones are only in the metrics."
      }
      let begin = ContinuousClock.now
      func balance() -> TrainingBalance? {
        TrainingBalance(of: node.id, in: graph.snapshot(), elapsed: .now - begin)
      }
      var saidBalance = false
      var areEnough = false
      var pace = Pace()
      // Time that steps took.
      var gradients = Duration.zero
      reading: for try await frame in frames {
        try training.admit(frame)
        while training.isStepDue, !stop.isRequested {
          if let change = live.change(since: &version) {
            now = change.value
            if try training.adopt(now.settings.trainer.schedule) {
              // Who goes on from here goes on with this rate.
              saved = nil
              try await save()
              events.send(.message("\(node.id): learns by the new rate from step \(training.trainer?.step ?? 0) on"))
            }
            change.done()
          }
          let report: TrainingStepReport
          let start = ContinuousClock.now
          do {
            report = try training.step()
            gradients += .now - start
          } catch let error as LearningError where error.code == .diverged {
            let kept = try await keepAnomaly()
            try await save()
            throw LearningError(.diverged, [error.message, kept].compactMap { $0 }.joined(separator: ". "))
          }
          if let anomaly = report.anomaly, let kept = try await keepAnomaly() {
            events.send(.message("Step \(report.step): \(anomaly); it changed nothing. \(kept)"))
          }
          let validation = try training.validation()
          let reservoir = training.reservoir
          let curriculum = fixed.trainer.curriculum
          let rate = pace.tick(curriculum.position(of: report.step).index)
          // Where each window is learnt from once, the data decide how many there are.
          let planned = training.trainer!.plannedSteps
          events.send(
            .progress(
              .init(
                step: report.step + 1, total: planned, loss: Double(report.loss.total), rate: rate,
                secondsLeft: rate > 0 && planned > 0 ? curriculum.remaining(after: report.step + 1) / rate : nil)))
          try await emit(
            TrainingRecord(
              report: report, total: planned, position: training.position,
              reservoir: report.step % 100 == 0 ? reservoir.report : nil, draw: reservoir.lastDraw,
              coverage: Double(reservoir.count) / Double(max(reservoir.arrivals, 1)), validation: validation,
              validationLoss: training.lastValidation?.loss, rolloutError: training.lastValidation?.rollout,
              scalars: training.adopted, stepsPerSecond: rate))
          if report.step % 100 == 0, !saidBalance, let balance = balance(), balance.isLopsided {
            saidBalance = true
            events.send(.message(balance.sentence))
          }
          if training.trainer!.step % now.checkpointEvery == 0 { try await save() }
        }
        if training.isFinished || stop.isRequested { break reading }
      }
      try await save()
      if let ranks = fixed.ranks, let words = ranks.words(seconds: gradients / .seconds(1)) {
        events.send(.message(words))
      }
      // Where the trainer made others wait, the run's summary says so.
      if let balance = balance(), balance.starved > balance.blocked { events.send(.message(balance.sentence)) }
    }
    return .trainingSteps(flow)
  }

  /// Steps a second over the last hundred or so of a stage of the curriculum.
  private struct Pace {
    private var last = ContinuousClock.now
    private var average = 0.0
    private var stage = 0
    mutating func tick(_ stage: Int) -> Double {
      let seconds = (ContinuousClock.now - last) / .seconds(1)
      last = .now
      // The steps of another stage cost something else.
      if stage != self.stage { average = 0 }
      self.stage = stage
      average = average == 0 ? seconds : average * 0.98 + seconds * 0.02
      return average > 0 ? 1 / average : 0
    }
  }

  /// Carries the training from the thread that prepared it to the one that runs it; taken once.
  private struct Handover: @unchecked Sendable {
    let value: OnlineTraining
    init(_ value: OnlineTraining) { self.value = value }
  }
}
