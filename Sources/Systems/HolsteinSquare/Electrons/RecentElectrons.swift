internal import Synchronization

/// The electrons of the last few states: one frame's observables, maps and invariants ask for the same.
final class RecentElectrons: Sendable {
  private static let most = 4
  private let entries = Mutex<[(q: [Double], electrons: ElectronState)]>([])

  /// - Parameter wantsEnergy: Whether what was solved without Ω will not do.
  func find(_ q: [Double], wantsEnergy: Bool, _ make: ([Double]) -> ElectronState?) -> ElectronState? {
    let known = entries.withLock { entries in
      entries.first { $0.q == q && (!wantsEnergy || $0.electrons.grandPotential != nil) }?.electrons
    }
    if let known { return known }
    guard let made = make(q) else { return nil }
    entries.withLock { entries in
      if entries.count == Self.most { entries.removeFirst() }
      entries.append((q, made))
    }
    return made
  }
}
