internal import Foundation
internal import Streams

extension RunState {
  /// What the run is, for whoever finds its page or report: of one that goes on and of one that has ended alike.
  /// - Parameters:
  ///   - seed: Of the pipeline.
  ///   - directory: The run's folder.
  ///   - configuration: The pipeline file.
  func about(seed: UInt64, in directory: RunDirectory, _ configuration: String) -> RunEvent.About {
    var facts: [RunEvent.About.Fact] = []
    func add(_ name: String, _ value: String?) { if let value { facts.append(.init(name, value)) } }
    add("pipeline", pipeline)
    add("seed", "\(seed)")
    add("began", begun?.ISO8601Format())
    if started != begun { add("went on", started?.ISO8601Format()) }
    if phase != .running { add("last word", updated?.ISO8601Format()) }
    add("configuration", self.configuration)
    add("program", program?.description)
    add("host", process?.host)
    add("processor", process?.processor)
    add("folder", directory.shown())
    return .init(facts: facts, configuration: configuration)
  }
}
