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
    let every = every
    assembly.graph.sink(
      node.id, kind: Self.word, reading: node.inlet(flow),
      into: EachElement { record in
        if let validation = record.validation {
          try file.append(
            step: validation.step,
            scalars: [("loss/held-out", validation.loss.total), ("rollout error", Float(validation.rollout.total))])
        }
        guard record.report.step % every == 0 else { return }
        try file.append(
          step: record.report.step,
          scalars: [
            ("loss/total", record.report.loss.total), ("learning rate", record.report.learningRate),
            ("gradient norm", record.report.gradientNorm),
          ])
      })
    return nil
  }
}
