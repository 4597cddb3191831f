internal import Foundation
internal import Tensors

/// A force field that begins exact and learns while the lattice moves.
///
/// The density is that of three steps of the recursion method plus a correction, linear in the site's descriptors, whose
/// weights come from sums over all labels (`StreamingRidge`). Its expected error on a site is the mean square of earlier errors
/// on sites as doubtful (`ErrorTable`), times 1 + leverage, times how much the audit found the model worse than it said.
/// Sites beyond the target are solved by their windows in the same step. Everything is a function of the displacements so
/// far, of seed, trajectory and step; new weights come at the boundary of a step.
struct OnTheFlyField: Sendable {
  let settings: OnTheFlySettings
  /// R of the windows that labels come from.
  let radius: Int
  private let seed: UInt64
  private let trajectory: Int
  /// What the steps of an earlier run did, by step: they are done again as it says, whatever the model expects of itself.
  private let script: [Int: OnTheFlyRecord]
  private var ridge = StreamingRidge(size: SiteDescriptors.count, ridge: 1e-3)
  private var table = ErrorTable()
  private var variances: [Double] = ErrorTable().variances
  private(set) var version = 0
  private var stepsSinceTraining = 0
  /// Of the audit: squared errors found and expected, forgotten by and by.
  private var found = 0.0
  private var expected = 0.0
  /// What steps did that nobody has asked for yet.
  private(set) var records: [OnTheFlyRecord] = []

  /// - Parameter script: Of the same trajectory, to replay; nothing to decide anew.
  init(
    _ settings: OnTheFlySettings, radius: Int, seed: UInt64, trajectory: Int, replaying script: [OnTheFlyRecord] = []
  ) {
    self.script = Dictionary(script.map { ($0.step, $0) }, uniquingKeysWith: { $1 })
    self.settings = settings
    self.radius = radius
    self.seed = seed
    self.trajectory = trajectory
  }

  /// The records since the last call.
  mutating func takeRecords() -> [OnTheFlyRecord] {
    defer { records = [] }
    return records
  }

  /// How much larger the audit finds mean-square errors than the table says: at least 1, so that luck does not make bold.
  var calibration: Double {
    // As if 20 audited sites had been as expected.
    let prior = 20 * (settings.targetError * settings.targetError) / 16
    return max(1, (found + prior) / (expected + prior))
  }

  /// - Parameter coupling: g, which makes an error of the force of one of the density.
  /// - Throws: `SystemError` as the solvers do, and for a log to replay whose version is not that of the step.
  mutating func solve(_ problem: ElectronProblem, coupling: Double, step: Int) throws(SystemError) -> ElectronState {
    let whole = wholeSolver(problem)
    try DiagonalSolver().check(problem)
    let n = problem.count
    let recursion = SiteRecursion(problem)
    let isCanonical = problem.ensemble == .canonical
    let bounds = problem.bounds
    let reach = isCanonical ? bounds.upperBound - bounds.lowerBound : max(bounds.upperBound, -bounds.lowerBound)
    let poles = FermiPoles(reach: reach, temperature: problem.temperature)

    func balanced(_ start: Double, _ density: (Double) -> (excess: Double, slope: Double)) -> Double {
      guard isCanonical else { return 0 }
      var search = ChemicalPotentialSearch(bounds, stride: max(problem.temperature, 0.25))
      var mu = start
      while true {
        let (excess, slope) = density(mu)
        if abs(excess) <= 1e-12 * Double(n) { return mu }
        guard let next = search.next(after: mu, excess: excess, slope: slope) else { return mu }
        mu = next
      }
    }
    let first = balanced(middle(problem)) { mu in
      let (density, slope) = recursion.density(mu, poles)
      return (density.reduce(0) { $0 + ($1 - 0.5) }, slope.reduce(0, +))
    }
    let guess = recursion.density(first, poles)
    let descriptors = SiteDescriptors(problem, recursion, density: guess.density, slope: guess.slope, mu: first)

    var correction = [Double](repeating: 0, count: n)
    var variance = [Double](repeating: .infinity, count: n)
    if version > 0 { predict(descriptors, &correction, &variance) }
    let limit = settings.targetError / max(abs(coupling), 1e-300)
    var labelled = version > 0 ? (0..<n).filter { !(variance[$0] <= limit * limit) } : []
    var isWhole = version == 0 || Double(labelled.count) > settings.wholeShare * Double(n)
    let scripted = script[step]
    if let scripted {
      guard scripted.version == version, scripted.labelled.allSatisfy({ $0 < n }) else {
        throw SystemError(.invalidState, "the log of step \(step) has version \(scripted.version), not \(version)")
      }
      (labelled, isWhole) = (scripted.labelled, scripted.isWhole)
    }

    let state: ElectronState
    var audited: [Int] = []
    var squares = 0.0
    if isWhole {
      labelled = []
      state = try whole.solve(problem, wantsEnergy: false)
      let base = recursion.density(state.chemicalPotential, poles).density
      let residual = (0..<n).map { state.density[$0] - base[$0] }
      for i in 0..<n { learn(descriptors, i, residual[i], correction[i]) }
      // The first errors are those of the first weights, and not of having none.
      if version == 0 {
        ridge.train()
        table = ErrorTable()
        for i in 0..<n {
          table.add(residual[i] - ridge.predict(descriptors, i), at: ErrorTable.place(descriptors.doubt[i]))
        }
      }
    } else {
      audited = scripted?.audited ?? drawAudit(n, step: step)
      let solved = Set(labelled).union(audited).sorted()
      let windows = SiteWindows(problem, radius: radius, sites: solved)
      var isLabelled = [Bool](repeating: false, count: n)
      for i in labelled { isLabelled[i] = true }
      var density = guess.density
      let mu = balanced(first) { mu in
        let base = recursion.density(mu, poles)
        let own = windows.density(mu, poles)
        var (excess, slope) = (0.0, 0.0)
        for i in 0..<n where !isLabelled[i] {
          excess += base.density[i] + correction[i] - 0.5
          slope += base.slope[i]
        }
        for (k, i) in solved.enumerated() where isLabelled[i] { excess += own.density[k] - 0.5 }
        return (excess, slope + own.slope * Double(labelled.count) / Double(max(1, solved.count)))
      }
      let base = recursion.density(mu, poles).density
      let own = windows.density(mu, poles).density
      for i in 0..<n { density[i] = base[i] + correction[i] }
      let isAudited = Set(audited)
      for (k, i) in solved.enumerated() {
        let error = own[k] - density[i]
        if isAudited.contains(i), !isLabelled[i] {
          squares += coupling * coupling * error * error
          let square = coupling * coupling
          expected = 0.999 * expected + square * variance[i] / calibration
          found = 0.999 * found + square * error * error
        }
        learn(descriptors, i, own[k] - base[i], correction[i])
        if isLabelled[i] { density[i] = own[k] }
      }
      state = ElectronState(density: density, chemicalPotential: mu)
    }
    records.append(
      OnTheFlyRecord(
        trajectory: trajectory, step: step, version: version, isWhole: isWhole, labelled: labelled, audited: audited,
        squaredError: squares))
    stepsSinceTraining += 1
    // Weights change here only, so that a step has those of one version.
    if version == 0 || stepsSinceTraining >= settings.retrainEvery { retrain() }
    return state
  }

  private func wholeSolver(_ problem: ElectronProblem) -> any ElectronSolver {
    switch settings.whole {
    case .windowed: WindowedSolver(radius: radius)
    case .exact: ElectronConfiguration(engine: .exact).solver(sites: problem.lattice.sites)
    }
  }

  private func middle(_ problem: ElectronProblem) -> Double {
    let sorted = problem.onsite.sorted()
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  private func predict(_ descriptors: SiteDescriptors, _ correction: inout [Double], _ variance: inout [Double]) {
    let calibration = calibration
    let size = SiteDescriptors.count
    descriptors.values.withUnsafeBufferPointer { values in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: size) { workspace in
        for i in correction.indices {
          let x = values.baseAddress! + i * size
          correction[i] = ridge.predict(x)
          let own = variances[ErrorTable.place(descriptors.doubt[i])]
          variance[i] =
            own.isFinite ? calibration * own * (1 + ridge.leverage(x, workspace.baseAddress!)) : .infinity
        }
      }
    }
  }

  /// - Parameters:
  ///   - residual: Density less the recursion's.
  ///   - correction: What was predicted of it.
  private mutating func learn(_ descriptors: SiteDescriptors, _ site: Int, _ residual: Double, _ correction: Double) {
    let place = ErrorTable.place(descriptors.doubt[site])
    table.add(residual - correction, at: place)
    // Doubtful sites say little of the weights: in units of their own error.
    let noise = variances[place].isFinite ? max(variances[place], 1e-10) : max(descriptors.doubt[site].difference, 1e-5)
    descriptors.values.withUnsafeBufferPointer {
      ridge.add($0.baseAddress! + site * SiteDescriptors.count, residual, weight: 1 / noise)
    }
  }

  private mutating func retrain() {
    ridge.train()
    ridge.forget(0.98)
    variances = table.variances
    version += 1
    stepsSinceTraining = 0
  }

  /// Each site with the same chance, independently, from the step's own random numbers.
  private func drawAudit(_ count: Int, step: Int) -> [Int] {
    guard settings.auditShare > 0 else { return [] }
    var random = CounterRandom(
      seed: seed, purpose: .audit, trajectory: UInt64(trajectory), step: UInt64(truncatingIfNeeded: step))
    guard settings.auditShare < 1 else { return Array(0..<count) }
    // From one audited site to the next it is as far as until a coin of this bias first shows heads.
    let scale = log1p(-settings.auditShare)
    var sites: [Int] = []
    var next = log(1 - random.uniform()) / scale
    while next < Double(count) {
      sites.append(Int(next))
      next = Double(sites.last! + 1) + (log(1 - random.uniform()) / scale).rounded(.down)
    }
    return sites
  }
}

extension StreamingRidge {
  func predict(_ descriptors: SiteDescriptors, _ site: Int) -> Double {
    descriptors.values.withUnsafeBufferPointer { predict($0.baseAddress! + site * size) }
  }
}

extension RandomPurpose {
  /// Sites that learning on the fly solves beside, to know its error.
  static let audit = RandomPurpose(rawValue: 34)
}
