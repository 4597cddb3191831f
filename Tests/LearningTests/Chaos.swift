import Learning
import Tensors
import Trajectories

/// Windows of Lorenz-63 (Lorenz 1963: σ = 10, ρ = 28, β = 8/3), integrated here by Runge and Kutta's method of order four.
enum Chaos {
  static let layout = StateLayout([Field("xyz", shape: [3])])
  static let scales = FieldScales(["xyz": FieldScale(state: 20, tendency: 100, increment: 3)])

  static func tendency(_ u: SIMD4<Double>) -> SIMD4<Double> {
    SIMD4(10 * (u.y - u.x), u.x * (28 - u.z) - u.y, u.x * u.y - 8 / 3 * u.z, 0)
  }

  /// Frames of the attractor, 0.02 apart.
  static func window(trajectory: Int, steps: Int) throws -> TrainingWindow {
    var random = CounterRandom(seed: 2, purpose: .evaluation, trajectory: UInt64(trajectory))
    var u = SIMD4(random.uniform() - 0.5, random.uniform() - 0.5, 25 + random.uniform(), 0)
    func step() {
      let h = 0.01
      let k1 = tendency(u)
      let k2 = tendency(u + h / 2 * k1)
      let k3 = tendency(u + h / 2 * k2)
      u += h / 6 * (k1 + 2 * k2 + 2 * k3 + tendency(u + h * k3))
    }
    for _ in 0..<500 { step() }
    var values: [Float] = []
    for _ in 0...steps {
      values += [Float(u.x), Float(u.y), Float(u.z)]
      for _ in 0..<2 { step() }
    }
    return try TrainingWindow(trajectory: trajectory, start: 0, layout: layout, values: values, tendencies: nil)
  }
}
