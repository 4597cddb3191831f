internal import Synchronization

/// The electrons of the last few states: one frame's observables and invariants ask for the same.
final class RecentElectrons: Sendable {
  private static let most = 4
  private let entries = Mutex<[(q: [Double], electrons: ElectronState)]>([])

  func find(_ q: [Double], _ make: ([Double]) -> ElectronState?) -> ElectronState? {
    if let found = entries.withLock({ $0.first { $0.q == q }?.electrons }) { return found }
    guard let made = make(q) else { return nil }
    entries.withLock { entries in
      if entries.count == Self.most { entries.removeFirst() }
      entries.append((q, made))
    }
    return made
  }
}
