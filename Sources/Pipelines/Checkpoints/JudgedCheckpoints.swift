internal import Climate
internal import Synchronization

/// What was judged in this run: the last verdict whole, of all others a line.
final class JudgedCheckpoints: Sendable {
  private struct Content: Sendable {
    var last: Verdict?
    var words: [Int: String] = [:]
    var count = 0
    var refusal: String?
  }
  private let content = Mutex(Content())

  var last: Verdict? { content.withLock { $0.last } }
  /// By step.
  var words: [Int: String] { content.withLock { $0.words } }
  var count: Int { content.withLock { $0.count } }

  /// Why nothing can be judged; nil where it can.
  var refusal: String? { content.withLock { $0.refusal } }

  /// - Returns: Whether this is the first reason.
  func refuse(_ reason: String) -> Bool {
    content.withLock { content in
      defer { content.refusal = content.refusal ?? reason }
      return content.refusal == nil
    }
  }

  func add(_ verdict: Verdict) {
    content.withLock { content in
      content.count += 1
      content.words[verdict.step] = verdict.rowWords
      if verdict.step >= content.last?.step ?? 0 { content.last = verdict }
    }
  }
}
