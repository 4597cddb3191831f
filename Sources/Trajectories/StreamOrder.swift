/// The order in which a source sends its frames: all trajectories abreast, frame by frame, then the next as many.
///
/// A frame's number follows from what it is and not from how many came before it, so that frames which were refused on
/// the way count as well. Of ragged trajectories the longest counts: places of frames that a shorter one lacks stay empty.
public struct StreamOrder: Sendable, Equatable {
  /// Trajectories that advance together.
  public let abreast: Int
  /// Frames of the longest trajectory.
  public let framesPerTrajectory: Int

  public init(abreast: Int, framesPerTrajectory: Int) {
    precondition(abreast > 0 && framesPerTrajectory > 0, "a stream needs trajectories and frames")
    self.abreast = abreast
    self.framesPerTrajectory = framesPerTrajectory
  }

  /// Frames from one set of trajectories to the next, or from one pass over a store to the next.
  public var round: Int { abreast * framesPerTrajectory }

  /// The frame's number in the stream, counted from the beginning of the first run; `position` at the least.
  public func number(of frame: Frame, notBefore position: Int) -> Int {
    let slot = frame.index * abreast + frame.trajectory % abreast
    // Ensembles number their trajectories on; passes over a store begin with the first again.
    let number = max(position / round, frame.trajectory / abreast) * round + slot
    return number >= position ? number : number + round
  }
}
