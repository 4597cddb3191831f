/// What an edge does with elements that its receiver has not taken yet.
enum EdgeDelivery: Equatable {
  /// Every element in order; a full buffer makes the sender wait.
  case lossless(buffer: Int)
  /// The newest element only.
  case latest

  /// Elements that may wait.
  var capacity: Int { if case .lossless(let buffer) = self { buffer } else { 1 } }

  /// Room from which on a sender that waits is woken: not for each place, because waking costs more than sending.
  var roomToWakeFor: Int { max(1, min(capacity / 2, 32)) }
}

/// What came of an element that was handed over without waiting.
enum EdgeOutcome { case accepted, full, closed }
