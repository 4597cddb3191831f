import Foundation
import Pipelines

/// Runs a pipeline file that may name the component of this package beside all others: `every-nth PIPELINE.yaml`.
@main
enum Program {
  static func main() async {
    do {
      guard let file = CommandLine.arguments.dropFirst().first else {
        throw RunError(.usage, "usage: every-nth PIPELINE.yaml")
      }
      let description = try PipelineDescription(
        contentsOf: URL(filePath: file), components: ComponentCatalogue.all + [EveryNth.self])
      let run = try PipelineRun(description, resuming: false)
      print(try await run.execute())
    } catch {
      StandardStream.error.print("every-nth: \(error)")
      exit(ExitStatus(for: error)?.rawValue ?? 1)
    }
  }
}
