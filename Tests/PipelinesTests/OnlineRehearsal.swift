import Foundation
import Learning
import Systems
import Trajectories

@testable import Pipelines

/// The online training of `Miniature` without its pipeline: frames in, steps out, on one thread.
enum OnlineRehearsal {
  static let source: SimulatedTrajectories = {
    var configuration = EnsembleConfiguration(preset: .shallow, sites: 8, seed: 3)
    configuration.saveEvery = 16
    configuration.noise = 1e-2
    configuration.midInterval = true
    return SimulatedTrajectories(try! HolsteinSystem(configuration), seed: 3, abreast: 4, frames: 30)
  }()

  /// The stream of two ensembles.
  static let frames = Result<[Frame], any Error> {
    try (0..<2).flatMap { number in
      var ensemble = try source.ensemble(number)
      return try (0..<source.framesPerTrajectory).flatMap { _ in try ensemble.advance() }
    }
  }

  static func isHeldOut(_ trajectory: Int) -> Bool { trajectory % 4 == 3 }

  static func settings(_ options: String...) throws -> OnlineTraining.Settings { try settings(options) }

  static func settings(_ options: [String]) throws -> OnlineTraining.Settings {
    let description = try PipelineDescription(
      text: Miniature.yaml(), overrides: options.map { "stages.train.online-trainer.\($0)" })
    let stage = description.nodes.first { $0.id == "train" }?.component as! OnlineTrainerStage
    var settings = stage.settings
    settings.trainer.seed = description.seed
    return settings
  }

  static func training(_ settings: OnlineTraining.Settings) throws -> OnlineTraining {
    try OnlineTraining(settings, source: source, startingAt: 0, isHeldOut: isHeldOut)
  }

  /// The trainer after all frames.
  static func trained(_ options: String...) throws -> Trainer {
    var training = try training(settings(options))
    for frame in try frames.get() {
      try training.admit(frame)
      while training.isStepDue { _ = try training.step() }
    }
    return training.trainer!
  }

  static func firstReport() throws -> TrainingStepReport {
    var training = try training(settings([]))
    for frame in try frames.get() {
      try training.admit(frame)
      if training.isStepDue { return try training.step() }
    }
    fatalError("the rehearsal's frames are too few for a step")
  }

  /// A store of trajectories of another seed.
  static func store(in folder: URL, sites: Int = 8) throws -> String {
    let url = folder.appending(path: "stored-\(sites).zarr")
    _ = try SimulateJob(
      settings: ["preset=shallow", "sites=\(sites)"], trajectories: 5, seed: 77, steps: 480, every: 16, output: url
    ).run()
    return url.path
  }
}
