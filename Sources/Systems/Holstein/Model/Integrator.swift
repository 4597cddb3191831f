/// A method that advances the lattice in time.
///
/// `rungeKutta4` is the reference and what the published data were made with. The splittings solve the hopping (with the
/// free oscillators) and the electron–lattice coupling exactly in turn: ρ keeps its spectrum, trace and Hermiticity to
/// round-off over any time, a step can be taken back, and at L up to a hundred a longer step pays for their higher cost
/// (docs/physics.md has error against cost). Not for goldens: their bits differ from the published ones.
public enum Integrator: String, Codable, Sendable, CaseIterable {
  /// The classical Runge–Kutta method, order 4.
  case rungeKutta4 = "rk4"
  /// kick ½, hop 1, kick ½: order 2.
  case strang
  /// S₆ of Blanes and Moan, J. Comput. Appl. Math. 142 (2002) 313: six hops, order 4.
  case blanesMoan4 = "blanes-moan-4"
  /// S₁₀ of the same paper: ten hops, order 6.
  case blanesMoan6 = "blanes-moan-6"

  /// The error of a fixed time falls with this power of the step.
  public var order: Int {
    switch self {
    case .strang: 2
    case .rungeKutta4, .blanesMoan4: 4
    case .blanesMoan6: 6
    }
  }

  /// Longest step, units of ħ/t_hop: RK4 is unstable beyond, the splittings no longer resolve the hopping.
  public var longestStep: Double { self == .rungeKutta4 ? 0.5 : 1 }

  /// Weights of the kicks and hops of a step; nil for a method that does not split.
  var splitting: (kicks: [Double], hops: [Double])? {
    switch self {
    case .rungeKutta4: nil
    case .strang: ([0.5, 0.5], [1])
    case .blanesMoan4:
      Self.symmetric(
        kicks: [0.0792036964311957, 0.353172906049774, -0.0420650803577195],
        hops: [0.209515106613362, -0.143851773179818])
    case .blanesMoan6:
      Self.symmetric(
        kicks: [
          0.0502627644003922, 0.413514300428344, 0.0450798897943977, -0.188054853819569, 0.541960678450780,
        ],
        hops: [0.148816447901042, -0.132385865767784, 0.067307604692185, 0.432666402578175])
    }
  }

  /// Both halves of a palindrome whose kicks and hops sum to one each; the middle kick and hop make up the sum.
  private static func symmetric(kicks: [Double], hops: [Double]) -> (kicks: [Double], hops: [Double]) {
    let left = hops + [0.5 - hops.reduce(0, +)]
    return (kicks + [1 - 2 * kicks.reduce(0, +)] + kicks.reversed(), left + left.reversed())
  }
}
