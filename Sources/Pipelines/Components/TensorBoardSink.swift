internal import Foundation
internal import Learning
internal import Settings
internal import Streams

/// Training curves for TensorBoard.
struct TensorBoardSink: Component {
  static let word = "tensorboard"
  static let summary = "Writes training curves as TensorBoard event files (`tensorboard: FOLDER`)."
  static let inputs: Set<ElementType> = [.trainingSteps]
  static let output: ElementType? = nil

  private let path: String
  private let every: Int

  init(_ section: ConfigurationSection) {
    path = section.shorthand ?? section.text("path", default: "tensorboard", "The folder, relative to the run's")
    every =
      section.shorthand == nil ? section.integer("every", default: 10, in: 1...1_000_000, "Steps between points") : 10
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    guard case .trainingSteps(let flow)? = input else { return nil }
    let file = try TensorBoardEventFile(in: assembly.directory.file(path))
    assembly.graph.sink(
      node.id, kind: Self.word, reading: node.inlet(flow),
      into: CurveSink(file: file, what: path, every: every, patience: assembly.patience))
    return nil
  }

  private struct CurveSink: Sink {
    let file: TensorBoardEventFile
    /// For the user.
    let what: String
    let every: Int
    let patience: DiskPatience

    func consume(_ records: Inlet<TrainingRecord>) async throws {
      for try await record in records {
        var points: [(step: Int, scalars: [(tag: String, value: Float)])] = []
        if let validation = record.validation {
          points.append(
            (
              validation.step,
              [("loss/held-out", validation.loss.total), ("rollout error", Float(validation.rollout.total))]
            ))
        }
        if record.report.step % every == 0 {
          points.append(
            (
              record.report.step,
              [
                ("loss/total", record.report.loss.total), ("learning rate", record.report.learningRate),
                ("gradient norm", record.report.gradientNorm),
              ]
            ))
        }
        for point in points {
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
