internal import Climate
internal import Foundation
internal import Learning
internal import Settings
internal import Streams

/// Training curves and verdicts for TensorBoard.
struct TensorBoardSink: Component, Changeable {
  static let word = "tensorboard"
  static let summary = "Writes training curves, or verdicts, as TensorBoard event files (`tensorboard: FOLDER`)."
  static let inputs: Set<ElementType> = [.trainingSteps, .verdicts]
  static let output: ElementType? = nil
  static let changeableKeys: Set<String> = ["every"]

  private let path: String
  private let every: Int

  init(_ section: ConfigurationSection) {
    path = section.shorthand ?? section.text("path", default: "tensorboard", "The folder, relative to the run's")
    every =
      section.shorthand == nil ? section.integer("every", default: 10, in: 1...1_000_000, "Steps between points") : 10
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let live = assembly.live(self, of: node)
    switch input {
    case .trainingSteps(let flow)?:
      let file = try TensorBoardEventFile(in: assembly.directory.file(path))
      try file.append(hyperparameters: assembly.description.values.map { ($0.path, $0.text) })
      assembly.graph.sink(
        node.id, kind: Self.word, reading: node.inlet(flow),
        into: PointSink(file: file, what: path, patience: assembly.patience) {
          Self.points($0, every: live.value.every)
        })
    case .verdicts(let flow)?:
      // A folder of its own below that of the curves is a run of its own to TensorBoard; the name says whose.
      let file = try TensorBoardEventFile(in: assembly.directory.file(path).appending(path: node.from ?? node.id))
      assembly.graph.sink(
        node.id, kind: Self.word, reading: node.inlet(flow),
        into: PointSink(file: file, what: path, patience: assembly.patience, points: Self.points))
    default: break
    }
    return nil
  }

  /// The numbers of one step.
  private struct Point: Sendable {
    var step: Int
    var scalars: [(tag: String, value: Float)]
  }

  private static func points(_ record: TrainingRecord, every: Int) -> [Point] {
    var points: [Point] = []
    if let validation = record.validation {
      points.append(
        Point(
          step: validation.step,
          scalars: [("loss/held-out", validation.loss.total), ("rollout error", Float(validation.rollout.total))]))
    }
    guard record.report.step % every == 0 else { return points }
    let report = record.report
    func terms(_ prefix: String, _ terms: [LossTerms.Term]) -> [(tag: String, value: Float)] {
      terms.map { ("\(prefix)/\($0.name)", $0.value) }
    }
    points.append(
      Point(
        step: report.step,
        scalars: [
          ("loss/total", report.loss.total), ("learning rate", report.learningRate),
          ("gradient norm", report.gradientNorm),
        ] + terms("loss of states", report.loss.state) + terms("loss of derivatives", report.loss.tendency ?? [])))
    return points
  }

  /// Every number of a verdict, in one spelling; those of the headline first.
  private static func points(_ verdict: Verdict) -> [Point] {
    let headline = verdict.headline.sorted { $0.key < $1.key }.map { ("verdict/\($0.key)", Float($0.value)) }
    let all = verdict.scores.map { ("scores/\($0.name)", Float($0.value)) }
    return [Point(step: verdict.step, scalars: headline + all)]
  }

  private struct PointSink<Input: Sendable>: Sink {
    let file: TensorBoardEventFile
    /// For the user.
    let what: String
    let patience: DiskPatience
    let points: @Sendable (Input) -> [Point]

    func consume(_ elements: Inlet<Input>) async throws {
      for try await element in elements {
        for point in points(element) {
          // One instant, so that what a full disk cut short is known again.
          let time = Date().timeIntervalSince1970
          guard
            try await patience(
              what, { try file.append(step: point.step, scalars: point.scalars, time: time) }) != nil
          else { return }
        }
      }
    }
  }
}
