/// What every emitted frame of a system must satisfy; a frame that does not is kept from the trainer.
///
/// Remembers the first sound frame's numbers of every trajectory that it has seen: make a new one for each ensemble of a
/// long run.
public struct FrameContract: Sendable {
  private let invariants: [Invariant]
  private var first: [Int: [Double]] = [:]

  public init(_ invariants: [Invariant]) { self.invariants = invariants.filter { $0.limit != nil } }

  /// Why the frame is refused; nil when it is sound.
  public mutating func violation(of frame: Frame) -> String? {
    guard frame.state.isFinite, frame.mid?.isFinite ?? true else { return "a value is not finite" }
    let values = invariants.map { $0.value(frame.state) }
    let known = first[frame.trajectory]
    let start = known ?? values
    for index in invariants.indices where invariants[index].isBroken(by: values[index], first: start[index]) {
      let invariant = invariants[index]
      return invariant.explanation?(frame.state) ?? invariant.complaint(values[index], start[index])
    }
    // Only a sound frame becomes what later ones are held against.
    if known == nil { first[frame.trajectory] = values }
    return nil
  }
}
