internal import Climate
internal import Trajectories

/// What a checkpoint that landed is in a log.
struct CheckpointLine: Codable, Sendable {
  var checkpoint: String
  var step: Int

  init(_ file: CheckpointFile) { (checkpoint, step) = (file.name, file.step) }
}

/// What frames are in a log: the system's observables of each. The system of a log is known when its first row has come.
struct FrameLines: Sendable {
  private let observables: Late<[Observable]>

  init(_ source: (any TrajectorySource)?) { observables = Late { source?.system.observables ?? [] } }

  func line(_ frame: Frame) -> Observation { Observation(frame, observables.value) }
}
