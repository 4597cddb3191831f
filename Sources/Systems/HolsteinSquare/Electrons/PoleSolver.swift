internal import CKernels
internal import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The exact density without eigenvectors: the diagonal of (H − μ − i y_p)⁻¹ at the poles of the Fermi function's rational
/// approximation, by selected inversion along a nested dissection, of order N^(3/2).
///
/// L. Lin, J. Lu, L. Ying, R. Car and W. E, Commun. Math. Sci. 7 (2009) 755; the poles are those of `FermiPoles`. Exact to
/// its error, 2e-11 of an occupation. μ begins with the windowed density's and is found in two or three evaluations.
final class PoleSolver: ElectronSolver {
  private let pool = Mutex<[Memory]>([])

  func solve(_ problem: ElectronProblem, wantsEnergy: Bool) throws(SystemError) -> ElectronState {
    try check(problem)
    let memory = take(problem.lattice.sites)
    defer { pool.withLock { $0.append(memory) } }
    var evaluation = Evaluation(problem, memory)
    let (density, mu) = problem.ensemble == .canonical ? halfFilling(&evaluation) : (evaluation.density(0), 0)
    let grandPotential = wantsEnergy ? evaluation.grandPotential(mu) : nil
    guard density.allSatisfy(\.isFinite) else {
      throw SystemError(.linearAlgebra, "the electrons' density is not finite")
    }
    return ElectronState(density: density, chemicalPotential: mu, grandPotential: grandPotential)
  }

  private func halfFilling(_ evaluation: inout Evaluation) -> (density: [Double], mu: Double) {
    let problem = evaluation.problem
    let count = Double(problem.count)
    let guess = SiteWindows(problem, radius: problem.lattice.sites > 4 ? 2 : 1).halfFilling(
      from: SiteWindows.estimate(problem), within: 1e-5)
    var search = ChemicalPotentialSearch(problem.bounds, stride: problem.temperature)
    var (mu, slope) = (guess.mu, guess.slope)
    var before: (mu: Double, excess: Double, density: [Double])?
    while true {
      let density = evaluation.density(mu)
      let excess = density.reduce(0) { $0 + ($1 - 0.5) }
      if abs(excess) <= 1e-13 * count { return (density, mu) }
      if let before, before.mu != mu {
        let secant = (excess - before.excess) / (mu - before.mu)
        if secant > 0 {
          slope = secant
          // The density is a straight line in μ to second order, which is enough when both steps are small beside T.
          let rest = -excess / secant
          let size = abs(rest) * (abs(rest) + abs(mu - before.mu))
          if size < 2e-11 * problem.temperature * problem.temperature {
            let share = rest / (mu - before.mu)
            return (zip(density, before.density).map { $0 + share * ($0 - $1) }, mu + rest)
          }
        }
      }
      guard let next = search.next(after: mu, excess: excess, slope: slope) else { return (density, mu) }
      before = (mu, excess, density)
      mu = next
    }
  }

  private func take(_ sites: Int) -> Memory {
    pool.withLock { $0.popLast() } ?? Memory(NestedDissection.of(sites: sites))
  }

  /// One problem, its poles, and how they are used.
  private struct Evaluation {
    let problem: ElectronProblem
    let memory: Memory
    private var poles: FermiPoles?

    init(_ problem: ElectronProblem, _ memory: Memory) {
      self.problem = problem
      self.memory = memory
    }

    private mutating func poles(_ mu: Double) -> FermiPoles {
      let reach = max(problem.bounds.upperBound - mu, mu - problem.bounds.lowerBound)
      if let poles, poles.reach >= reach { return poles }
      let made = FermiPoles(reach: reach, temperature: problem.temperature)
      poles = made
      return made
    }

    mutating func density(_ mu: Double) -> [Double] {
      var density = [Double](repeating: 0.5, count: problem.count)
      let poles = poles(mu)
      for first in stride(from: 0, to: poles.heights.count, by: FermiPoles.stride) {
        memory.run(problem, mu, poles, first, density: &density, logarithms: nil)
      }
      return density
    }

    /// Ω = Tr (H − μ)/2 − Σ_p c_p ln |det (H − μ − i y_p)| + N C, the integral of the same approximation over energy;
    /// C is what makes it right at ε = μ: −T ln 2 + Σ_p c_p ln y_p.
    ///
    /// Poles far above the spectrum have weights of their own height, and in c (ln |det| − N ln y) nothing would be left but
    /// round-off: of these ½ c Σ_ε ln(1 + ε²/y²) is a series in the traces of (H − μ)² and (H − μ)⁴.
    mutating func grandPotential(_ mu: Double) -> Double {
      let poles = poles(mu)
      let (second, fourth) = problem.traces(mu)
      var sum = problem.onsite.reduce(0) { $0 + ($1 - mu) } / 2
      var density = [Double](repeating: 0, count: problem.count)
      var constant = -problem.temperature * log(2)
      for first in stride(from: 0, to: poles.heights.count, by: FermiPoles.stride) {
        var logarithms = [Double](repeating: 0, count: FermiPoles.stride)
        memory.run(problem, mu, poles, first, density: &density, logarithms: &logarithms)
        for lane in 0..<FermiPoles.stride {
          let (y, c) = (poles.heights[first + lane], poles.weights[first + lane])
          if y > 100 * poles.reach {
            sum -= c * (second / 2 - fourth / (4 * y * y)) / (y * y)
          } else {
            sum -= c * logarithms[lane]
            constant += c * log(y)
          }
        }
      }
      return sum + Double(problem.count) * constant
    }
  }

  /// The fronts' memory; kept from one step to the next, for it is large.
  private final class Memory: @unchecked Sendable {
    private let dissection: NestedDissection
    private let fronts: UnsafeMutableRawBufferPointer
    private let workspace: UnsafeMutableRawBufferPointer

    init(_ dissection: NestedDissection) {
      self.dissection = dissection
      let bytes = MemoryLayout<Double>.stride * Int(HOLSTREAM_FRONT_ELEMENT)
      fronts = .allocate(byteCount: bytes * dissection.elements, alignment: 64)
      workspace = .allocate(
        byteCount: MemoryLayout<Double>.stride * holstream_front_workspace(dissection.most), alignment: 64)
    }

    deinit {
      fronts.deallocate()
      workspace.deallocate()
    }

    func run(
      _ problem: ElectronProblem, _ mu: Double, _ poles: FermiPoles, _ first: Int,
      density: UnsafeMutablePointer<Double>,
      logarithms: UnsafeMutablePointer<Double>?
    ) {
      poles.heights.withUnsafeBufferPointer { heights in
        poles.weights.withUnsafeBufferPointer { weights in
          holstream_square_resolvent(
            dissection.fronts.count, dissection.fronts, dissection.indices, problem.hopping, problem.onsite, mu,
            heights.baseAddress! + first, weights.baseAddress! + first, density, logarithms,
            fronts.baseAddress!.assumingMemoryBound(to: Double.self),
            workspace.baseAddress!.assumingMemoryBound(to: Double.self))
        }
      }
    }
  }
}
