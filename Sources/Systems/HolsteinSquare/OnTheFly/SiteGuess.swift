/// What is known of a lattice's electrons before anything is learned: a cheap density with its μ, and what the correction to
/// it and its doubt are read from.
///
/// The cheap density is that of the recursion, or of the smallest windows. At half filling it must hold the charge well: the
/// sum of many small errors is made up for by μ, and in a gapped lattice μ moves far for it, and fills or empties the few
/// levels that lie in the gap.
struct SiteGuess: Sendable {
  let problem: ElectronProblem
  let recursion: SiteRecursion
  /// Of R = 1 around all sites; nil where the recursion is the guess.
  private let windows: SiteWindows?
  let poles: FermiPoles
  /// Where the guess alone holds the charge.
  let mu: Double
  let descriptors: SiteDescriptors

  /// - Parameter start: Where the search for μ begins, such as the μ of the step before; nil for the middle of the sites'
  ///   energies.
  init(_ problem: ElectronProblem, by base: OnTheFlySettings.Base = .recursion, from start: Double? = nil) {
    let (recursion, poles) = (SiteRecursion(problem), problem.poles)
    let windows = base == .windows ? SiteWindows(problem, radius: 1) : nil
    // A charge of a millionth a site is far below the guess's own error.
    let (mu, found) = problem.halfFilling(from: start, within: 1e-6) { mu in
      let found = windows?.densityAndSlopes(mu, poles) ?? recursion.density(mu, poles)
      return (found, found.density.reduce(0) { $0 + ($1 - 0.5) }, found.slope.reduce(0, +))
    }
    self.problem = problem
    self.windows = windows
    (self.recursion, self.poles, self.mu) = (recursion, poles, mu)
    descriptors = SiteDescriptors(
      problem, recursion, density: found.density, slope: found.slope,
      cheaper: windows == nil ? nil : recursion.density(mu, poles).density, mu: mu)
  }

  /// The guess, n_i and dn_i/dμ, (N) each.
  func density(_ mu: Double) -> (density: [Double], slope: [Double]) {
    windows?.densityAndSlopes(mu, poles) ?? recursion.density(mu, poles)
  }
}
