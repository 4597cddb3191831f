internal import Systems
internal import Trajectories

/// The trajectories of a seeded system, of which any can be simulated alone.
struct SimulatedTrajectories: TrajectorySource {
  let dynamics: any DynamicalSystem
  let seed: UInt64
  /// Trajectories of an ensemble.
  let abreast: Int
  let framesPerTrajectory: Int
  /// Ensembles there are; nil without end.
  var ensembles: Int?

  init(_ system: any DynamicalSystem, seed: UInt64, abreast: Int, frames: Int, ensembles: Int? = nil) {
    dynamics = system
    self.seed = seed
    self.abreast = abreast
    framesPerTrajectory = frames
    self.ensembles = ensembles
  }

  var system: any SystemDescription { dynamics }
  var interval: Double { dynamics.interval }
  var hasMids: Bool { dynamics.hasMids }
  var trajectories: Int? { ensembles.map { $0 * abreast } }
  var order: StreamOrder? { StreamOrder(abreast: abreast, framesPerTrajectory: framesPerTrajectory) }

  func length(_ trajectory: Int) -> Int? {
    trajectory >= 0 && trajectory < trajectories ?? .max ? framesPerTrajectory : nil
  }

  /// Numbers of the trajectories of one ensemble.
  func numbers(of ensemble: Int) -> Range<Int> { (ensemble * abreast)..<((ensemble + 1) * abreast) }

  /// The trajectories of one ensemble.
  func ensemble(_ number: Int, workers: Int = 1) throws -> any Ensemble {
    try dynamics.ensemble(numbers(of: number), seed: seed, workers: workers)
  }

  func frames(of trajectory: Int, _ range: Range<Int>) throws -> [Frame] {
    var ensemble = try dynamics.ensemble(trajectory..<(trajectory + 1), seed: seed, workers: 1)
    var frames: [Frame] = []
    for index in 0..<range.upperBound {
      let frame = try ensemble.advance()[0]
      if index >= range.lowerBound { frames.append(frame) }
    }
    return frames
  }
}
