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
}

/// Sums of records: what a run is told of.
public struct OnTheFlySummary: Sendable, Equatable {
  public private(set) var siteSteps = 0
  /// Site-steps that were solved: labelled, audited, or in whole steps.
  public private(set) var solved = 0
  public private(set) var wholeSteps = 0
  public private(set) var audited = 0
  public private(set) var squaredError = 0.0
  public private(set) var version = 0

  public init() {}

  public mutating func add(_ record: OnTheFlyRecord, sites: Int) {
    siteSteps += sites
    solved += record.isWhole ? sites : Set(record.labelled).union(record.audited).count
    if record.isWhole { wholeSteps += 1 }
    audited += record.audited.count
    squaredError += record.squaredError
    version = max(version, record.version)
  }

  /// Share of all site-steps that were solved.
  public var share: Double { siteSteps > 0 ? Double(solved) / Double(siteSteps) : .nan }
  /// Root mean square of the force's error over all site-steps outside whole steps, from the audit alone, without bias; NaN
  /// before an audit. Labelled sites count as without error: the windows' own is in docs/square-lattice.md. It is the error at
  /// the μ that was found: what a wrong μ costs at half filling is not in it.
  public var error: Double { audited > 0 ? (squaredError / Double(audited)).squareRoot() : .nan }
}
