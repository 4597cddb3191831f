internal import Climate
internal import Foundation
internal import Lattice
internal import Learning
internal import Streams

/// Judges every checkpoint that lands by rollouts from held-out trajectories.
struct VerdictStage: Component {
  static let word = "verdict"
  static let summary = "Rolls each checkpoint out on held-out trajectories and compares with the truth."
  static let inputs: Set<ElementType> = [.checkpoints]
  static let output: ElementType? = .verdicts

  private let truth: String?
  private let horizon: Int
  private let rollouts: Int
  private let start: Int

  init(_ section: ConfigurationSection) {
    truth = section.optionalText(
      "truth", "The source whose held-out trajectories are the truth; the only one when left out")
    horizon = section.integer("horizon", default: 300, in: 1...1_000_000, "Predicted frames")
    rollouts = section.integer("rollouts", default: 4, in: 1...4096, "Held-out trajectories to predict")
    start = section.integer("start", default: 0, in: 0...1_000_000, "Frame that rollouts start from")
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    guard case .checkpoints(let checkpoints)? = input else { return nil }
    guard let source = assembly.frameSource(truth) else {
      throw RunError(
        .badInput, "verdict \(node.id): there is no source of frames `\(truth ?? "")`; name one with `truth:`")
    }
    guard start + horizon < source.framesPerTrajectory else {
      throw ConfigurationError([
        .init(
          file: assembly.description.name, path: "stages.\(node.id).verdict.horizon",
          message:
            "start \(start) plus horizon \(horizon) needs \(start + horizon + 1) frames, trajectories have \(source.framesPerTrajectory)"
        )
      ])
    }
    let (horizon, start, numbers) = (horizon, start, assembly.heldOut(rollouts))
    let flow: Flow<Verdict> = assembly.graph.stage(
      node.id, kind: Self.word, reading: node.inlet(checkpoints), on: ThreadExecutor(name: node.id)
    ) { files, emit in
      var truth: [[LatticeState]]?
      for try await file in files {
        if truth == nil {
          truth = try numbers.map { try source.frames(of: $0, start..<(start + horizon + 1)).map(\.state) }
        }
        do {
          let verdict = try Leases.shared.holding(file.url) {
            try Self.verdict(on: Checkpoint(contentsOf: file.url).surrogate(), file, truth: truth!, source)
          }
          try await emit(verdict)
        } catch let error as LearningError {
          // A file that was retired before its turn, or is damaged: said, and not the end of the run.
          assembly.events.send(.message("\(file.name) could not be judged: \(error)"))
        }
      }
    }
    return .verdicts(flow)
  }

  private static func verdict(
    on model: any SurrogateModel, _ file: CheckpointFile, truth: [[LatticeState]], _ source: any FrameSource
  ) throws -> Verdict {
    let predictions = try truth.map { try model.rollout(from: $0[0], steps: $0.count - 1) }
    let persistence = try truth.map { try Persistence().rollout(from: $0[0], steps: $0.count - 1) }
    return Verdict(
      checkpoint: file.name, step: file.step, truth: truth, model: predictions, timeStep: source.interval,
      parameters: source.parameters,
      baselines: [("persistence", persistence)])
  }
}
