internal import Foundation
internal import Streams

extension PipelineAssembly {
  /// An assembly of sources alone: they know how to make their trajectories again, and nothing of a run is opened for writing.
  /// - Throws: What a store throws that cannot be read.
  static func ofSources(_ description: PipelineDescription, in directory: RunDirectory, events: EventHub) throws
    -> PipelineAssembly
  {
    let assembly = PipelineAssembly(
      graph: Graph(), description: description, directory: directory, events: events, isResuming: false)
    for source in description.nodes {
      guard let component = source.component as? any TrajectoryProviding else { continue }
      assembly.register(try component.trajectories(), as: source.id, startingAt: 0)
    }
    return assembly
  }
}
