internal import Streams

/// What logs lack. A line that a kill cut short lacks nothing: its number is the next line's.
struct TailLosses {
  private(set) var missing = 0
  private(set) var changed = 0

  mutating func count(_ item: JSONLinesFollower.Item) {
    switch item {
    case .line, .defect(.notALogLine, _): break
    case .gap(let after, let before): missing += max(1, before - after - 1)
    case .defect(.wrongChecksum, _): changed += 1
    }
  }

  /// - Throws: `RunError` with the numbers, where something is lost.
  func check() throws {
    guard missing + changed > 0 else { return }
    throw RunError(
      .badInput,
      "the log is not whole: \(missing) lines are missing, \(changed) fail their checksum; the places are marked with !!"
    )
  }

  /// What is no line, in words.
  static func text(_ item: JSONLinesFollower.Item) -> String {
    switch item {
    case .line(let line): line.object
    case .gap(let after, let before): "!! lines \(after + 1) to \(before - 1) are missing"
    case .defect(let defect, let text): "!! a line \(defect): \(text.prefix(200))"
    }
  }
}
