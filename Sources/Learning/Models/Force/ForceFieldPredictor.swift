internal import Foundation
internal import Trajectories

/// Rollouts by a force field: velocity Verlet and then the bath's friction, P ← e^(−γ dt) P, as the simulated lattice
/// moves, without the bath's noise.
final class ForceFieldPredictor: Predictor {
  let layout: StateLayout
  private let field: ForceField
  private let mass: Double
  private let friction: Double
  private let timeStep: Double?
  private let interval: Double
  private var values: [Double]

  /// - Parameter interval: Between two frames.
  init(_ layout: StateLayout, _ field: ForceField, _ physics: LatticePhysics, interval: Double) throws {
    self.layout = layout
    self.field = field
    mass = try physics.value("m")
    friction = physics.values["gamma"] ?? 0
    timeStep = physics.values["dt"]
    self.interval = interval
    values = [Double](repeating: 0, count: layout.count)
  }

  private var sites: Int { layout.count / 2 }

  func tendency(at state: State<Float>) -> State<Float>? {
    for k in 0..<layout.count { values[k] = Double(state.values[k]) }
    guard field.evaluate(values) else { return nil }
    var result = State<Float>(zero: layout)
    for site in 0..<sites {
      result.values[site] = Float(values[sites + site] / mass)
      result.values[sites + site] = Float(field.force[site])
    }
    return result
  }

  func advance(_ state: inout State<Float>) {
    precondition(
      state.values.count == layout.count, "ForceFieldPredictor: made for \(layout.summary), got \(state.layout.summary)"
    )
    let steps = max(1, Int((interval / (timeStep ?? 0.05)).rounded()))
    let dt = interval / Double(steps)
    let decay = exp(-friction * dt)
    for k in 0..<layout.count { values[k] = Double(state.values[k]) }
    var isKnown = field.evaluate(values)
    for _ in 0..<steps where isKnown {
      for site in 0..<sites {
        values[sites + site] += dt / 2 * field.force[site]
        values[site] += dt * values[sites + site] / mass
      }
      isKnown = field.evaluate(values)
      for site in 0..<sites { values[sites + site] = decay * (values[sites + site] + dt / 2 * field.force[site]) }
    }
    for k in 0..<layout.count { state.values[k] = isKnown ? Float(values[k]) : .nan }
  }
}
