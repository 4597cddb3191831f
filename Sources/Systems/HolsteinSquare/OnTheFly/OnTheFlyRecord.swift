/// What learning on the fly did in one step: all that the step's forces depend on beside the displacements.
public struct OnTheFlyRecord: Sendable, Equatable, Codable {
  public var trajectory: Int
  /// Of the force: forces of the first state are those of the step that it is at.
  public var step: Int
  /// Of the weights that the step used; 0 before there are any.
  public var version: Int
  /// Whether every site was solved.
  public var isWhole: Bool
  /// The sites whose force windows replaced, rising; empty in whole steps.
  public var labelled: [Int]
  /// The sites that were solved beside at random, rising.
  public var audited: [Int]
  /// Σ over audited sites of the squared error of their force; sites that were labelled have none.
  public var squaredError: Double
  /// Σ over all sites of the squared error of their force against the whole step at its own μ; nil where the step was not
  /// solved beside.
  public var wholeSquaredError: Double?
}

/// Sums of records: what a run is told of.
public struct OnTheFlySummary: Sendable, Equatable {
  public private(set) var siteSteps = 0
  /// Site-steps that were solved: labelled, audited, or in whole steps.
  public private(set) var solved = 0
  public private(set) var wholeSteps = 0
  public private(set) var audited = 0
  public private(set) var squaredError = 0.0
  /// Steps that were solved whole beside.
  public private(set) var auditedSteps = 0
  private var wholeSquaredError = 0.0
  private var wholeAudited = 0
  public private(set) var version = 0

  public init() {}

  public mutating func add(_ record: OnTheFlyRecord, sites: Int) {
    siteSteps += sites
    solved +=
      record.isWhole || record.wholeSquaredError != nil ? sites : Set(record.labelled).union(record.audited).count
    if record.isWhole { wholeSteps += 1 }
    audited += record.audited.count
    squaredError += record.squaredError
    if let whole = record.wholeSquaredError {
      auditedSteps += 1
      wholeAudited += sites
      wholeSquaredError += whole
    }
    version = max(version, record.version)
  }

  /// Share of all site-steps that were solved.
  public var share: Double { siteSteps > 0 ? Double(solved) / Double(siteSteps) : .nan }
  /// Root mean square of the force's error over all site-steps outside whole steps, from the audit alone, without bias; NaN
  /// before an audit. Labelled sites count as without error: the windows' own is in docs/square-lattice.md. It is the error at
  /// the μ that was found: what a wrong μ costs at half filling is in `wholeError` alone.
  public var error: Double { audited > 0 ? (squaredError / Double(audited)).squareRoot() : .nan }
  /// Root mean square of the force's error in steps that were solved whole beside, at random: with what a wrong μ costs, as
  /// exact as whole steps are; NaN before there is one.
  public var wholeError: Double {
    wholeAudited > 0 ? (wholeSquaredError / Double(wholeAudited)).squareRoot() : .nan
  }
}
