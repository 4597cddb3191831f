internal import Foundation
internal import Learning
internal import Trajectories
internal import Zarr

/// Where a run that was stopped can be gone on with.
struct ResumePoint {
  private let position: Int?
  private let stores: [URL]

  /// - Throws: `LearningError` or `StoreError` when what the earlier run left cannot be read.
  init(_ assembly: PipelineAssembly, node: String) throws {
    let latest = try CheckpointFolder(assembly.checkpointFolder).latest()
    position = try latest.flatMap { try OnlineTraining.position(of: $0.checkpoint) }
    stores = assembly.description.nodes.compactMap { other in
      other.from == node ? (other.component as? any Storing)?.url(in: assembly.directory) : nil
    }
  }

  /// The first ensemble of which the trainer has not seen, or a store does not hold, everything.
  func ensemble(of source: SimulatedTrajectories) throws -> Int {
    var first = (position ?? 0) / (source.abreast * source.framesPerTrajectory)
    for url in stores {
      guard let reader = try? TrajectoryStoreReader(url) else { return 0 }
      let incomplete =
        (reader.retired..<max(reader.retired, reader.trajectories)).first {
          reader.length($0) < source.framesPerTrajectory
        } ?? reader.trajectories
      first = min(first, incomplete / source.abreast)
    }
    return first
  }
}
