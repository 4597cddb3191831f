public import Trajectories

/// Which time derivatives a model learns from, where it learns from any.
public struct LabelRule: Sendable, Equatable {
  /// Those at the earlier frame of each interval, also where there is a state in its middle.
  public var isAtFrames: Bool
  /// Attributes of the system that are others for the derivatives than for the trajectories, such as the ensemble of the
  /// electrons. Derivatives that come with the frames then serve only where the system has these attributes itself.
  public var changes: [String: Attribute]

  public init(isAtFrames: Bool = false, changes: [String: Attribute] = [:]) {
    self.isAtFrames = isAtFrames
    self.changes = changes
  }
}
