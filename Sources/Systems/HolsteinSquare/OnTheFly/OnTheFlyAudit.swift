internal import Foundation
internal import Tensors

/// Sites that are solved beside at random, whatever is thought of them, and what they say of the errors that were expected.
struct OnTheFlyAudit: Sendable {
  private let settings: OnTheFlySettings
  private let seed: UInt64
  private let trajectory: Int
  /// Squared errors of the force that were found and that were expected, forgotten by and by.
  private(set) var found = 0.0
  private(set) var expected = 0.0

  init(_ settings: OnTheFlySettings, seed: UInt64, trajectory: Int) {
    self.settings = settings
    self.seed = seed
    self.trajectory = trajectory
  }

  /// How much larger mean-square errors are than was expected: at least 1, so that luck does not make bold.
  var factor: Double {
    // As if 20 audited sites had been as expected.
    let prior = 20 * (settings.targetError * settings.targetError) / 16
    return max(1, (found + prior) / (expected + prior))
  }

  /// Counts a site's squared error of the force, and what was expected of it before any factor.
  mutating func add(found square: Double, expected variance: Double) {
    found = 0.999 * found + square
    expected = 0.999 * expected + variance
  }

  /// Whether a step is solved whole beside, with the same chance each, from the step's own random numbers.
  func includes(step: Int) -> Bool {
    guard settings.auditSteps > 0 else { return false }
    var random = CounterRandom(
      seed: seed, purpose: .stepAudit, trajectory: UInt64(trajectory), step: UInt64(truncatingIfNeeded: step))
    return random.uniform() < settings.auditSteps
  }

  /// Each site with the same chance, independently, from the step's own random numbers; rising.
  func sites(_ count: Int, step: Int) -> [Int] {
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

extension RandomPurpose {
  /// Sites that learning on the fly solves beside, to know its error.
  static let audit = RandomPurpose(rawValue: 34)
  /// Steps that learning on the fly solves whole beside.
  static let stepAudit = RandomPurpose(rawValue: 35)
}
