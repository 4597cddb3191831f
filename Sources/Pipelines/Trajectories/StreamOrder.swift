internal import Systems
internal import Zarr

/// The order in which a source sends its frames: all trajectories abreast, frame by frame, then the next as many.
///
/// A frame's number follows from what it is and not from how many came before it, so that frames which were refused on
/// the way count as well.
struct StreamOrder: Sendable {
  /// Trajectories that advance together.
  let abreast: Int
  let framesPerTrajectory: Int

  /// Frames from one set of trajectories to the next, or from one pass over a store to the next.
  var round: Int { abreast * framesPerTrajectory }

  /// The frame's number in the stream, counted from the beginning of the first run; `position` at the least.
  func number(of frame: Frame, notBefore position: Int) -> Int {
    let slot = frame.index * abreast + frame.trajectory % abreast
    // Ensembles number their trajectories on; passes over a store begin with the first again.
    let number = max(position / round, frame.trajectory / abreast) * round + slot
    return number >= position ? number : number + round
  }
}

extension SimulatedTrajectories {
  var order: StreamOrder? { StreamOrder(abreast: trajectories, framesPerTrajectory: framesPerTrajectory) }
}

extension StoredTrajectories {
  var order: StreamOrder? {
    reader.trajectories > 0 && framesPerTrajectory > 0
      ? StreamOrder(abreast: reader.trajectories, framesPerTrajectory: framesPerTrajectory) : nil
  }
}
