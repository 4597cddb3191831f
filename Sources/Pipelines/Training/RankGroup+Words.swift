internal import Foundation
internal import Tensors

extension RankGroup {
  /// What the ranks' talking cost in a training, in a sentence; nil where nothing was summed.
  /// - Parameter seconds: That all gradients and updates took.
  func words(seconds: Double) -> String? {
    let spent = self.seconds
    guard spent.count > 0, seconds > 0 else { return nil }
    func milliseconds(_ seconds: Double) -> String { String(format: "%.2f ms", 1000 * seconds / Double(spent.count)) }
    let share = (spent.sums + spent.waits + spent.commands) / seconds
    return
      "\(count) ranks: a step took \(milliseconds(seconds)), of which the sum \(milliseconds(spent.sums)), waiting for "
      + "each other \(milliseconds(spent.waits)) and sending batches \(milliseconds(spent.commands)) "
      + "(\(String(format: "%.1f", 100 * share)) % together)."
  }
}
