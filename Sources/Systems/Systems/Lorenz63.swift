internal import Tensors

/// Lorenz's three equations of convection, by RK4.
///
/// dx/dt = σ (y − x), dy/dt = x (ρ − z) − y, dz/dt = x y − β z (E. N. Lorenz, J. Atmos. Sci. 20 (1963) 130).
/// Lyapunov exponents at the standard parameters: 0.906, 0, −14.57.
public struct Lorenz63: DynamicalSystem {
  public var sigma = 10.0
  public var rho = 28.0
  public var beta = 8.0 / 3
  public let dt: Double

  public init(dt: Double = 0.01) { self.dt = dt }

  public var names: [String] { ["x", "y", "z"] }

  public func initialState(seed: UInt64, trajectory: Int) -> [Double] {
    var random = CounterRandom(seed: seed, purpose: .initialState, trajectory: UInt64(trajectory))
    return [random.normal(), random.normal(), 25 + random.normal()]
  }

  public func advance(_ state: inout [Double], steps: Int) {
    for _ in 0..<steps {
      rungeKuttaStep(&state, dt: dt) { s in
        [sigma * (s[1] - s[0]), s[0] * (rho - s[2]) - s[1], s[0] * s[1] - beta * s[2]]
      }
    }
  }
}
