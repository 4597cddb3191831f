internal import Climate
internal import Lattice
internal import Learning

/// What a model must beat: predictors that are fitted in closed form to a bounded number of training frames.
enum FittedBaselines {
  /// Persistence, and where the frames suffice a linear regression and an echo-state network.
  /// - Parameters:
  ///   - isHeldOut: Trajectories that must not be learnt from.
  ///   - frames: How many to read at most; 0 for persistence alone.
  ///   - report: Is told why a baseline is missing.
  static func models(
    of source: any FrameSource, frames: Int, seed: UInt64, isHeldOut: (Int) -> Bool, report: (String) -> Void
  ) -> [(name: String, model: any SurrogateModel)] {
    var models: [(name: String, model: any SurrogateModel)] = [("persistence", Persistence())]
    guard frames > 1 else { return models }
    do {
      let windows = try windows(of: source, frames: frames, isHeldOut: isHeldOut)
      var fold = DataScalarFold()
      for window in windows { fold.add(window) }
      models.append(("linear regression", try LinearRegression(fitting: windows, scalars: fold.result)))
      var configuration = EchoStateNetwork.Configuration()
      configuration.seed = seed
      models.append(
        (
          "echo-state network",
          try EchoStateNetwork(fitting: windows, scalars: fold.result, configuration: configuration)
        )
      )
    } catch {
      report("A baseline could not be fitted: \(error)")
    }
    return models
  }

  private static func windows(of source: any FrameSource, frames: Int, isHeldOut: (Int) -> Bool) throws
    -> [TrainingWindow]
  {
    var windows: [TrainingWindow] = []
    var rest = frames
    var trajectory = 0
    while rest > 1 {
      if !isHeldOut(trajectory) {
        let length = min(rest, source.framesPerTrajectory)
        do {
          let states = try source.frames(of: trajectory, 0..<length).map { SurrogateState($0.state) }
          windows.append(try TrainingWindow(trajectory: trajectory, start: 0, frames: states))
        } catch {
          // A store that has no more trajectories is read as far as it goes.
          if windows.isEmpty { throw error }
          break
        }
        rest -= length
      }
      trajectory += 1
    }
    return windows
  }
}
