/// What is known of a lattice's electrons before anything is learned: the recursion's density with its μ, and what the
/// correction to it and its doubt are read from.
struct SiteGuess: Sendable {
  let problem: ElectronProblem
  let recursion: SiteRecursion
  let poles: FermiPoles
  /// Where the recursion alone holds the charge.
  let mu: Double
  let descriptors: SiteDescriptors

  /// - Parameter start: Where the search for μ begins, such as the μ of the step before; nil for the middle of the sites'
  ///   energies.
  init(_ problem: ElectronProblem, from start: Double? = nil) {
    let (recursion, poles) = (SiteRecursion(problem), problem.poles)
    // A charge of a millionth a site is far below the guess's own error.
    let (mu, found) = problem.halfFilling(from: start, within: 1e-6) { mu in
      let found = recursion.density(mu, poles)
      return (found, found.density.reduce(0) { $0 + ($1 - 0.5) }, found.slope.reduce(0, +))
    }
    self.problem = problem
    (self.recursion, self.poles, self.mu) = (recursion, poles, mu)
    descriptors = SiteDescriptors(problem, recursion, density: found.density, slope: found.slope, mu: mu)
  }
}
