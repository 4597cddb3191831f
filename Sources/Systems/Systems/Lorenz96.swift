internal import Tensors

/// Lorenz's ring of N sites, by RK4.
///
/// dx_i/dt = (x_{i+1} − x_{i−2}) x_{i−1} − x_i + F (E. N. Lorenz, Predictability, ECMWF 1996). At N = 40, F = 8 the largest
/// Lyapunov exponent is about 1.68.
public struct Lorenz96: DynamicalSystem {
  public let sites: Int
  public let forcing: Double
  public let dt: Double

  /// - Parameter sites: N, at least 4.
  public init(sites: Int = 40, forcing: Double = 8, dt: Double = 0.01) {
    precondition(sites >= 4, "Lorenz-96 needs at least 4 sites, got \(sites)")
    self.sites = sites
    self.forcing = forcing
    self.dt = dt
  }

  public var names: [String] { (0..<sites).map { "x\($0)" } }

  public func initialState(seed: UInt64, trajectory: Int) -> [Double] {
    var random = CounterRandom(seed: seed, purpose: .initialState, trajectory: UInt64(trajectory))
    return (0..<sites).map { _ in forcing + random.normal() }
  }

  public func advance(_ state: inout [Double], steps: Int) {
    let n = sites
    for _ in 0..<steps {
      rungeKuttaStep(&state, dt: dt) { x in
        (0..<n).map { i in
          (x[(i + 1) % n] - x[(i + n - 2) % n]) * x[(i + n - 1) % n] - x[i] + forcing
        }
      }
    }
  }
}
