internal import Foundation
internal import Learning
internal import Trajectories
internal import Zarr

/// The trajectories of a store with forces from another one, as `holstream tendency` writes them: the labels of a force
/// field, taken as they are.
struct LabelledTrajectories: TrajectorySource {
  private let states: StoredTrajectories
  private let forces: TrajectoryStoreReader
  /// m of dQ/dt = P/m; the displacements' derivative is no label, and zero where nobody says it.
  private let mass: Double?

  static let array = "force"

  var system: any SystemDescription { states.system }
  var interval: Double { states.interval }
  var isIntervalAssumed: Bool { states.isIntervalAssumed }
  var trajectories: Int? { states.trajectories }
  func length(_ trajectory: Int) -> Int? { states.length(trajectory) }

  /// - Parameters:
  ///   - forces: A store with an array `force` of the shape of P, for each frame of each trajectory.
  ///   - ensemble: Of the forces that the field is to learn.
  /// - Throws: `RunError` where the frames are others, or the forces are of another lattice or ensemble.
  init(_ states: StoredTrajectories, forces url: URL, ensemble: String) throws {
    func fail(_ reason: String) -> RunError { RunError(.badInput, "\(url.relativePath) \(reason)") }
    let forces = try TrajectoryStoreReader(url)
    let layout = states.layout
    guard layout.fields.map(\.name) == ["Q", "P"], let momenta = layout.field("P") else {
      throw RunError(
        .badInput,
        "forces label states of displacements Q and momenta P; \(states.reader.url.relativePath) has \(layout.summary)")
    }
    guard let array = forces.field(Self.array), array.shape == momenta.shape else {
      throw fail(
        "has no array `\(Self.array)` of the shape \(momenta.shape) of P; `holstream tendency --from \(states.reader.url.relativePath) --out …` writes one"
      )
    }
    guard forces.trajectories == states.reader.trajectories else {
      throw fail("has \(forces.trajectories) trajectories, the states \(states.reader.trajectories): it is of others")
    }
    for trajectory in 0..<forces.trajectories {
      let (own, count) = (forces.length(trajectory), states.reader.length(trajectory))
      guard own == count else { throw fail("has \(own) frames of trajectory \(trajectory), the states \(count)") }
      guard let own = try forces.times(trajectory, frames: 0..<count),
        let times = try states.reader.times(trajectory, frames: 0..<count)
      else { continue }
      if let k = (0..<count).first(where: { abs(own[$0] - times[$0]) > 1e-6 * states.interval }) {
        throw fail("has frame \(k) of trajectory \(trajectory) at time \(own[k]), the states at \(times[k])")
      }
    }
    let stated = forces.attributes["computed_by"].map { Attribute($0) }
    if let own = stated?["ensemble"]?.text, own != ensemble {
      throw fail(
        "has forces of the ensemble `\(own)`, and the field is to learn `\(ensemble)`; give --set ensemble=\(own), or write them with `holstream tendency --set ensemble=\(ensemble)`"
      )
    }
    for name in LatticePhysics.ofForce {
      guard let own = stated?[name]?.number, let other = states.system.attributes[name]?.number, own != other else {
        continue
      }
      throw fail("has forces of \(name) = \(own), the states are of \(other)")
    }
    (self.states, self.forces) = (states, forces)
    mass = states.system.attributes["m"]?.number
  }

  func frames(of trajectory: Int, _ range: Range<Int>) throws -> [Frame] {
    let force = try forces.read(Self.array, trajectory: trajectory, frames: range)
    let (n, momenta) = (layout.count / 2, layout.range("P"))
    return try states.frames(of: trajectory, range).enumerated().map { k, frame in
      let own = force[(k * n)..<((k + 1) * n)]
      guard own.allSatisfy(\.isFinite) else {
        throw RunError(
          .badInput,
          "frame \(frame.index) of trajectory \(trajectory) in \(forces.url.relativePath) has a force that is not finite"
        )
      }
      let velocity = frame.state.values[momenta].map { $0 / (mass ?? .infinity) }
      return Frame(
        trajectory: trajectory, index: frame.index, time: frame.time, state: frame.state,
        tendency: State(layout, velocity + own))
    }
  }
}
