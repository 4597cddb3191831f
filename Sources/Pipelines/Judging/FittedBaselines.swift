internal import Climate
internal import Learning
internal import Trajectories

/// What a model must beat: predictors that are fitted in closed form to a bounded number of training frames.
enum FittedBaselines {
  /// Persistence, and where the frames suffice a linear regression and an echo-state network.
  /// - Parameters:
  ///   - isHeldOut: Trajectories that must not be learnt from.
  ///   - frames: How many to read at most; 0 for persistence alone.
  ///   - readable: Frames of a trajectory that may be learnt from; nil for none.
  ///   - report: Is told why a baseline is missing.
  static func models(
    of source: any TrajectorySource, frames: Int, seed: UInt64, isHeldOut: (Int) -> Bool,
    readable: (Int) -> Range<Int>?, report: (String) -> Void
  ) -> [(name: String, model: any SurrogateModel)] {
    var models: [(name: String, model: any SurrogateModel)] = [("persistence", Persistence())]
    guard frames > 1 else { return models }
    do {
      let windows = try windows(of: source, frames: frames, isHeldOut: isHeldOut, readable: readable)
      var fold = FieldScalesFold()
      for window in windows { fold.add(window) }
      let scales = fold.result
      let linear = try LinearRegression.fits(to: windows, scales: scales, ridges: ridges)
      if let model = try best(of: linear, on: windows) { models.append(("linear regression", model)) }
      var configuration = EchoStateNetwork.Configuration()
      configuration.seed = seed
      let echo = try EchoStateNetwork.fits(
        to: windows, scales: scales, ridges: ridges, configuration: configuration)
      if let model = try best(of: echo, on: windows) { models.append(("echo-state network", model)) }
    } catch {
      report("A baseline could not be fitted: \(error)")
    }
    return models
  }

  /// The ridges that are tried.
  static let ridges = [1e-8, 1e-6, 1e-4, 1e-2, 1]

  /// The fit whose rollouts over the first training frames stay closest. A fit to single steps does not know whether its
  /// rollouts explode; the ridge, which draws it towards no change, decides that.
  static func best<Model: SurrogateModel>(of models: [Model], on windows: [TrainingWindow]) throws -> Model? {
    guard let first = windows.first else { return nil }
    let warmUp = min(4, first.steps / 2)
    let steps = min(300, first.steps - warmUp)
    let few = try TrainingWindow(
      trajectory: first.trajectory, start: first.start,
      frames: (0...min(first.steps, warmUp + steps + 3)).map { first.state($0) })
    var best: (score: Double, model: Model)?
    for model in models {
      let total = try RolloutScore(of: model, on: [few], steps: steps, warmUp: warmUp).total
      let score = total.isFinite ? total : .infinity
      if best == nil || score < best!.score { best = (score, model) }
    }
    return best?.model
  }

  private static func windows(
    of source: any TrajectorySource, frames: Int, isHeldOut: (Int) -> Bool, readable: (Int) -> Range<Int>?
  ) throws -> [TrainingWindow] {
    var windows: [TrainingWindow] = []
    var rest = frames
    // A recorded source is read as far as it goes.
    let end = source.trajectories ?? .max
    var trajectory = 0
    while rest > 1, trajectory < end {
      if !isHeldOut(trajectory), let there = readable(trajectory), there.count > 1 {
        let range = there.prefix(rest)
        let states = try source.frames(of: trajectory, range).map(\.state.single)
        windows.append(try TrainingWindow(trajectory: trajectory, start: range.lowerBound, frames: states))
        rest -= range.count
      }
      trajectory += 1
    }
    return windows
  }
}
