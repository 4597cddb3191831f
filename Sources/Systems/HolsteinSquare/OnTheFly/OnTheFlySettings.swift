internal import Settings
internal import Trajectories

/// How a force field is learned while the lattice moves (docs/square-lattice.md).
public struct OnTheFlySettings: Sendable, Equatable {
  /// The error of a site's force that is aimed at; sites that are expected to be worse are labelled.
  public var targetError: Double
  /// A step of which a larger share of the sites would be labelled is solved whole.
  public var wholeShare: Double
  /// Share of all sites that are solved beside, at random, to know the error.
  public var auditShare: Double
  /// Share of all steps that are solved whole beside, at random and at their own μ: what a wrong μ costs is known from these
  /// alone.
  public var auditSteps: Double
  /// Steps between two versions of the weights.
  public var retrainEvery: Int
  /// How whole steps are solved: `exact` or `windowed`.
  public var whole: Whole
  /// What is corrected; nil: windows at half filling, the recursion at μ = 0.
  public var base: Base?

  public enum Base: String, Sendable, CaseIterable {
    /// Three steps of the recursion method: cheapest.
    case recursion
    /// Windows of R = 1: dearer, with a charge that μ can be balanced by.
    case windows
  }

  public enum Whole: String, Sendable, CaseIterable {
    /// By the electrons of the whole lattice.
    case exact
    /// By the windows that labels come from, for lattices that are too large for more.
    case windowed
  }

  public init(
    targetError: Double = 1e-2, wholeShare: Double = 0.5, auditShare: Double = 1e-4, auditSteps: Double = 1e-3,
    retrainEvery: Int = 20, whole: Whole = .exact, base: Base? = nil
  ) {
    self.targetError = targetError
    self.wholeShare = wholeShare
    self.auditShare = auditShare
    self.retrainEvery = retrainEvery
    self.whole = whole
    self.auditSteps = auditSteps
    self.base = base
  }

  private static let byEnsemble = "by-ensemble"

  /// What is corrected in such an ensemble.
  func base(_ ensemble: ElectronConfiguration.Ensemble) -> Base {
    base ?? (ensemble == .canonical ? .windows : .recursion)
  }

  /// - Throws: `SystemError` naming the value and what it should be.
  func validate() throws(SystemError) {
    func check(_ isSound: Bool, _ key: String, _ message: String) throws(SystemError) {
      guard isSound else { throw SystemError(.invalidParameter, message, key: key) }
    }
    try check(
      targetError >= 1e-9 && targetError <= 1e3, "target-error",
      "the error of the force that is aimed at must be from 1e-9 to 1000, got \(targetError)")
    try check(
      wholeShare >= 0 && wholeShare <= 1, "whole-share",
      "the share of sites from which on a step is solved whole must be from 0 to 1, got \(wholeShare)")
    try check(
      auditShare >= 0 && auditShare <= 1, "audit-share",
      "the share of audited sites must be from 0 to 1, got \(auditShare)")
    try check(
      auditSteps >= 0 && auditSteps <= 1, "audit-steps",
      "the share of audited steps must be from 0 to 1, got \(auditSteps)")
    try check(
      (1...1_000_000).contains(retrainEvery), "retrain-every",
      "new weights must come every 1 to 1000000 steps, got \(retrainEvery)")
  }
}

extension OnTheFlySettings {
  /// Reads the keys.
  init(_ section: ConfigurationSection) {
    let standard = Self()
    targetError = section.number(
      "target-error", default: standard.targetError, "Error of a site's force beyond which it is labelled")
    wholeShare = section.number(
      "whole-share", default: standard.wholeShare, "Share of labelled sites from which on a step is solved whole")
    auditShare = section.number(
      "audit-share", default: standard.auditShare, "Share of sites that are solved beside to know the error")
    auditSteps = section.number(
      "audit-steps", default: standard.auditSteps,
      "Share of steps that are solved whole beside, to know what a wrong μ costs")
    retrainEvery = section.integer(
      "retrain-every", default: standard.retrainEvery, "Steps between two versions of the weights")
    whole = section.choice(
      "whole", default: standard.whole.rawValue, among: Whole.allCases.map { ($0.rawValue, $0) },
      "How whole steps are solved; `windowed` on lattices that are too large for more")
    base = section.choice(
      "base", default: Self.byEnsemble, among: [(Self.byEnsemble, nil)] + Base.allCases.map { ($0.rawValue, $0) },
      "The density that is corrected: `windows` of R = 1 (the default at half filling) or the cheaper `recursion` (at μ = 0)"
    )
  }

  /// As stores have it.
  var attribute: Attribute {
    .object([
      "target_error": .number(targetError), "whole_share": .number(wholeShare), "audit_share": .number(auditShare),
      "audit_steps": .number(auditSteps), "retrain_every": .number(Double(retrainEvery)),
      "whole": .text(whole.rawValue),
      "base": .text(base?.rawValue ?? Self.byEnsemble),
    ])
  }

  /// The inverse; nil for what is not that, or says more. Earlier versions had the recursion alone, and audited no steps.
  init?(_ attribute: Attribute) {
    guard let object = attribute.object, let target = object["target_error"]?.number,
      let share = object["whole_share"]?.number, let audit = object["audit_share"]?.number,
      let every = object["retrain_every"]?.integer, let whole = object["whole"]?.text.flatMap(Whole.init)
    else { return nil }
    self.init(
      targetError: target, wholeShare: share, auditShare: audit, auditSteps: 0, retrainEvery: every, whole: whole,
      base: .recursion)
    guard object.count > 5 else { return }
    guard object.count == 7, let steps = object["audit_steps"]?.number, let name = object["base"]?.text,
      name == Self.byEnsemble || Base(rawValue: name) != nil
    else { return nil }
    (auditSteps, base) = (steps, Base(rawValue: name))
  }
}
