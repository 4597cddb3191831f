/// A system whose state is a vector of numbers and which advances in equal steps.
///
/// The field's yardsticks (`Lorenz63`, `Lorenz96`, `KuramotoSivashinsky`) and the Holstein chain (`HolsteinSystem`) stand
/// behind it alike, so that exponents and climates are computed by the same code.
public protocol DynamicalSystem: Sendable {
  /// Names of the state's components, in order.
  var names: [String] { get }
  /// Time of one step.
  var dt: Double { get }

  /// The initial state of one trajectory, from its seed and number alone.
  /// - Returns: (names.count).
  /// - Throws: `LatticeError` when there is none.
  func initialState(seed: UInt64, trajectory: Int) throws(LatticeError) -> [Double]

  /// Advances a state.
  /// - Parameter state: (names.count).
  func advance(_ state: inout [Double], steps: Int)
}

extension DynamicalSystem {
  public var dimension: Int { names.count }
}

/// One step of the classical Runge–Kutta method for dx/dt = f(x).
func rungeKuttaStep(_ x: inout [Double], dt: Double, _ f: ([Double]) -> [Double]) {
  func moved(_ k: [Double], _ factor: Double) -> [Double] { zip(x, k).map { $0 + factor * $1 } }
  let k1 = f(x)
  let k2 = f(moved(k1, dt / 2))
  let k3 = f(moved(k2, dt / 2))
  let k4 = f(moved(k3, dt))
  for i in x.indices { x[i] += dt / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]) }
}
