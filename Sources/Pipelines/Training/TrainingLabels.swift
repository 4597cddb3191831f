internal import Learning
internal import Systems
internal import Trajectories

/// Derivatives that training windows are labelled with: by which equations, and where in an interval.
struct TrainingLabels: Sendable {
  private let rule: LabelRule
  /// The system with the attributes that the rule changes; nil where it changes none.
  private let changed: (any SystemDescription)?

  /// - Throws: `RunError` for a system whose equations are not known where the labels must be of another than it is.
  init(_ rule: LabelRule, of system: any SystemDescription) throws {
    self.rule = rule
    var attributes = system.attributes
    let differs = rule.changes.contains { attributes[$0.key] != $0.value }
    guard differs else {
      changed = nil
      return
    }
    attributes.merge(rule.changes) { $1 }
    guard system is any DynamicalSystem, let made = try SystemCatalogue.make(attributes: attributes) else {
      let changes = rule.changes.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text ?? "\($0.value)")" }
      throw RunError(
        .badInput,
        "the model learns from derivatives with `\(changes.joined(separator: ", "))`, and the equations of \(system.name) are not known here; for a store, its attributes must say of what system it is, with all parameters"
      )
    }
    changed = made
  }

  /// du/dt by the equations of motion in the middle of the interval that ends with a frame; at the earlier frame where
  /// there is no state in the middle.
  ///
  /// The state is rounded to single precision first, as the published program does, so that a store in single precision
  /// gives the same labels. The time counts: of a system that changes in time the label is that of its instant.
  /// - Parameter stored: The derivative that came with the earlier frame, such as a force; it is taken as it is.
  /// - Throws: `RunError` for a system whose equations are not known.
  func tendency(
    of system: any SystemDescription, at frame: Frame, before: State<Float>, stored: State<Float>? = nil,
    interval: Double
  ) throws -> State<Float> {
    let mid = rule.isAtFrames ? nil : frame.mid
    if mid == nil, changed == nil, let stored { return stored }
    let (at, time) = mid.map { ($0.single, frame.time - interval / 2) } ?? (before, frame.time - interval)
    guard let tendency = (changed ?? system).tendency(of: at.double, at: time) else {
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
  ///   - labels: How derivatives are found; nil for none.
  init(_ frames: [Frame], _ labels: TrainingLabels?, of system: any SystemDescription, interval: Double) throws {
    let states = frames.map(\.state.single)
    try self.init(
      trajectory: frames[0].trajectory, start: frames[0].index, frames: states,
      tendencies: try labels.map { labels in
        try (1..<frames.count).map { k in
          try labels.tendency(
            of: system, at: frames[k], before: states[k - 1], stored: frames[k - 1].tendency?.single, interval: interval
          )
        }
      })
  }
}

extension TrajectorySource {
  /// Frames of one trajectory as training sees them, with derivatives where asked for.
  func window(of trajectory: Int, at start: Int, steps: Int, labels: TrainingLabels?) throws -> TrainingWindow {
    try TrainingWindow(
      frames(of: trajectory, start..<(start + steps + 1)), labels, of: system, interval: interval)
  }
}
