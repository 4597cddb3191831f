internal import Learning
internal import Trajectories

/// Derivatives that training windows are labelled with.
enum TrainingLabels {
  /// du/dt by the equations of motion in the middle of the interval that ends with a frame; at the earlier frame where
  /// there is no state in the middle.
  ///
  /// The state is rounded to single precision first, as the published program does, so that a store in single precision
  /// gives the same labels. The time counts: of a system that changes in time the label is that of its instant.
  /// - Parameter stored: The derivative that came with the earlier frame, such as a force; it is taken as it is.
  /// - Throws: `RunError` for a system whose equations are not known.
  static func tendency(
    of system: any SystemDescription, at frame: Frame, before: State<Float>, stored: State<Float>? = nil,
    interval: Double
  ) throws -> State<Float> {
    if frame.mid == nil, let stored { return stored }
    let (at, time) =
      frame.mid.map { ($0.single, frame.time - interval / 2) } ?? (before, frame.time - interval)
    guard let tendency = system.tendency(of: at.double, at: time) else {
      throw RunError(
        .badInput,
        "the model learns from derivatives, and the equations of \(system.name) are not known here: for a store, its attributes must say of what system it is, with all parameters; or set `derivative-loss: 0`"
      )
    }
    return tendency.single
  }
}

extension TrainingWindow {
  /// - Parameters:
  ///   - frames: Successive frames of one trajectory.
  ///   - system: Its equations give the derivatives; nil for none.
  init(_ frames: [Frame], tendenciesBy system: (any SystemDescription)?, interval: Double) throws {
    let states = frames.map(\.state.single)
    try self.init(
      trajectory: frames[0].trajectory, start: frames[0].index, frames: states,
      tendencies: try system.map { system in
        try (1..<frames.count).map { k in
          try TrainingLabels.tendency(
            of: system, at: frames[k], before: states[k - 1], stored: frames[k - 1].tendency?.single, interval: interval
          )
        }
      })
  }
}

extension TrajectorySource {
  /// Frames of one trajectory as training sees them, with derivatives where asked for.
  func window(of trajectory: Int, at start: Int, steps: Int, tendencies: Bool) throws -> TrainingWindow {
    try TrainingWindow(
      frames(of: trajectory, start..<(start + steps + 1)), tendenciesBy: tendencies ? system : nil, interval: interval)
  }
}
