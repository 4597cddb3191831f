/// A force field that begins exact and learns while the lattice moves.
///
/// The density is a cheap one (`SiteGuess`) plus a learned correction, which says what
/// error it expects on each site (`SiteModel`), times how much the audit found it worse than it said (`OnTheFlyAudit`).
/// Sites beyond the target are solved by their windows in the same step. Everything is a function of the displacements so
/// far, of seed, trajectory and step; new weights come at the boundary of a step.
struct OnTheFlyField: Sendable {
  let settings: OnTheFlySettings
  /// R of the windows that labels come from.
  let radius: Int
  private let trajectory: Int
  /// What the steps of an earlier run did, by step: they are done again as it says, whatever the model expects of itself.
  private let script: [Int: OnTheFlyRecord]?
  private(set) var model = SiteModel()
  private(set) var audit: OnTheFlyAudit
  private var stepsSinceTraining = 0
  /// Where the recursion alone held the charge of the step before; nil before the first step.
  private var guessedPotential: Double?
  /// What steps did that nobody has asked for yet.
  private(set) var records: [OnTheFlyRecord] = []

  /// - Parameter script: Of the same trajectory, to replay; nil to decide anew.
  init(
    _ settings: OnTheFlySettings, radius: Int, seed: UInt64, trajectory: Int, replaying script: [OnTheFlyRecord]? = nil
  ) {
    self.script = script.map { Dictionary($0.map { ($0.step, $0) }, uniquingKeysWith: { $1 }) }
    self.settings = settings
    self.radius = radius
    self.trajectory = trajectory
    audit = OnTheFlyAudit(settings, seed: seed, trajectory: trajectory)
  }

  var isReplaying: Bool { script != nil }

  /// The records since the last call.
  mutating func takeRecords() -> [OnTheFlyRecord] {
    defer { records = [] }
    return records
  }

  /// - Parameter coupling: g, which makes an error of the force of one of the density.
  /// - Throws: `SystemError` as the solvers do, and where a log to replay does not say this step of this version.
  mutating func solve(_ problem: ElectronProblem, coupling: Double, step: Int) throws(SystemError) -> ElectronState {
    try wholeSolver(problem).check(problem)
    let guess = SiteGuess(problem, by: settings.base(problem.ensemble), from: guessedPotential)
    guessedPotential = guess.mu
    let prediction = model.predict(guess.descriptors)
    var record = try plan(step, prediction.variance, coupling)
    let state: ElectronState
    if record.isWhole {
      state = try wholeSolver(problem).solve(problem, wantsEnergy: false)
      learn(guess, from: state, prediction.correction)
    } else {
      state = solve(guess, prediction, coupling, &record)
      if record.wholeSquaredError != nil {
        let whole = try wholeSolver(problem).solve(problem, wantsEnergy: false)
        record.wholeSquaredError = zip(state.density, whole.density).reduce(0) {
          $0 + coupling * coupling * ($1.0 - $1.1) * ($1.0 - $1.1)
        }
        learn(guess, from: whole, prediction.correction)
      }
    }
    records.append(record)
    stepsSinceTraining += 1
    // Weights change here only, so that a step has those of one version.
    if model.version == 0 || stepsSinceTraining >= settings.retrainEvery {
      model.retrain()
      stepsSinceTraining = 0
    }
    return state
  }

  private func wholeSolver(_ problem: ElectronProblem) -> any ElectronSolver {
    switch settings.whole {
    case .windowed: WindowedSolver(radius: radius)
    case .exact: ElectronConfiguration(engine: .exact).solver(sites: problem.lattice.sites)
    }
  }

  /// Which sites a step solves, by their expected errors or by the log; no error is known yet.
  /// - Parameter variance: Expected mean squares of the density's error, before the audit's factor.
  private func plan(_ step: Int, _ variance: [Double], _ coupling: Double) throws(SystemError) -> OnTheFlyRecord {
    let n = variance.count
    if let script {
      guard var record = script[step] else {
        throw SystemError(.invalidState, "the log to replay says nothing of step \(step) of trajectory \(trajectory)")
      }
      guard record.version == model.version else {
        throw SystemError(
          .invalidState,
          "the log to replay has step \(step) of trajectory \(trajectory) with weights of version \(record.version), here they are of version \(model.version): it is of other settings"
        )
      }
      for sites in [record.labelled, record.audited]
      where !sites.allSatisfy((0..<n).contains) || !zip(sites, sites.dropFirst()).allSatisfy({ $0 < $1 }) {
        throw SystemError(
          .invalidState,
          "the log to replay lists sites of step \(step) of trajectory \(trajectory) that are not rising numbers below \(n)"
        )
      }
      record.squaredError = 0
      if record.wholeSquaredError != nil { record.wholeSquaredError = 0 }
      return record
    }
    let limit = settings.targetError / max(abs(coupling), 1e-300)
    let factor = audit.factor
    let labelled = model.version > 0 ? (0..<n).filter { !(factor * variance[$0] <= limit * limit) } : []
    let isWhole = model.version == 0 || Double(labelled.count) > settings.wholeShare * Double(n)
    return OnTheFlyRecord(
      trajectory: trajectory, step: step, version: model.version, isWhole: isWhole, labelled: isWhole ? [] : labelled,
      audited: isWhole ? [] : audit.sites(n, step: step), squaredError: 0,
      wholeSquaredError: !isWhole && audit.includes(step: step) ? 0 : nil)
  }

  /// Learns from all sites of a step that was solved whole, at its own μ.
  private mutating func learn(_ guess: SiteGuess, from state: ElectronState, _ correction: [Double]) {
    let base = guess.density(state.chemicalPotential).density
    let residuals = zip(state.density, base).map { $0 - $1 }
    for i in residuals.indices {
      model.learn(guess.descriptors, i, residual: residuals[i], correction: correction[i])
    }
    if model.version == 0 { model.begin(guess.descriptors, residuals: residuals) }
  }

  /// The corrected guess, and in its place the windows' density on labelled sites, at the μ where all together hold the
  /// charge; learns from labelled and audited sites.
  private mutating func solve(
    _ guess: SiteGuess, _ prediction: (correction: [Double], variance: [Double]), _ coupling: Double,
    _ record: inout OnTheFlyRecord
  ) -> ElectronState {
    let (n, correction) = (guess.problem.count, prediction.correction)
    let solved = Set(record.labelled).union(record.audited).sorted()
    let windows = SiteWindows(guess.problem, radius: radius, sites: solved)
    var isLabelled = [Bool](repeating: false, count: n)
    for i in record.labelled { isLabelled[i] = true }
    let (mu, (base, own)) = guess.problem.halfFilling(from: guess.mu) { mu in
      let base = guess.density(mu)
      let own = windows.density(mu, guess.poles)
      var (excess, slope) = (0.0, 0.0)
      for i in 0..<n where !isLabelled[i] {
        excess += base.density[i] + correction[i] - 0.5
        slope += base.slope[i]
      }
      for (k, i) in solved.enumerated() where isLabelled[i] { excess += own.density[k] - 0.5 }
      slope += own.slope * Double(record.labelled.count) / Double(max(1, solved.count))
      return ((base.density, own.density), excess, slope)
    }
    var density = zip(base, correction).map { $0 + $1 }
    let isAudited = Set(record.audited)
    for (k, i) in solved.enumerated() {
      let error = own[k] - density[i]
      if isAudited.contains(i), !isLabelled[i] {
        let square = coupling * coupling * error * error
        record.squaredError += square
        audit.add(found: square, expected: coupling * coupling * prediction.variance[i])
      }
      model.learn(guess.descriptors, i, residual: own[k] - base[i], correction: correction[i])
      if isLabelled[i] { density[i] = own[k] }
    }
    return ElectronState(density: density, chemicalPotential: mu)
  }
}
