internal import Streams

/// What the keys of a log's JSON lines mean: found again by their place in the line before, because most lines are alike.
struct JSONKeys: Sendable {
  struct Meaning: Sendable {
    var name: String
    /// The place in the row's values; nil for a key that is not read.
    var place: Int?
    var isTime = false
    var isTrajectory = false
    /// A number of every log of ours that is no number of the row.
    var isOurs = false
  }

  private var order: [(key: [UInt8], meaning: Int)] = []
  private(set) var meanings: [Meaning] = []
  private var byName: [String: Int] = [:]
  /// Keys that are kept in mind; a file whose every line has new ones is not to fill the memory.
  private static let most = 10_000

  /// - Parameter place: How many members of the line come before it.
  mutating func meaning(
    of key: UnsafeRawBufferPointer, hasEscapes: Bool, at place: Int, _ make: (String) -> Meaning
  ) -> Meaning {
    if place < order.count, order[place].key.count == key.count, order[place].key.elementsEqual(key) {
      return meanings[order[place].meaning]
    }
    let name = hasEscapes ? Self.unescaped(key) : String(decoding: key, as: UTF8.self)
    let number: Int
    if let known = byName[name] {
      number = known
    } else {
      let new = make(name)
      guard meanings.count < Self.most else { return new }
      number = meanings.count
      meanings.append(new)
      byName[name] = number
    }
    // A key with escapes is found by its name each time.
    let entry = (key: hasEscapes ? [] : Array(key), meaning: number)
    if place < order.count { order[place] = entry } else if place == order.count { order.append(entry) }
    return meanings[number]
  }

  /// Whether a key was met before.
  func knows(_ name: String) -> Bool { byName[name] != nil }

  mutating func forget() { self = JSONKeys() }

  private static func unescaped(_ key: UnsafeRawBufferPointer) -> String {
    (try? JSONText.decode(key)) ?? String(decoding: key, as: UTF8.self)
  }
}

extension ObservationParser {
  mutating func parseJSON(_ line: UnsafeRawBufferPointer) -> Outcome {
    if names == nil {
      guard let reason = settleJSON(line) else { return readJSON(line) }
      return .refused(reason)
    }
    return readJSON(line)
  }

  private mutating func readJSON(_ line: UnsafeRawBufferPointer) -> Outcome {
    let names = names!
    let (time, trajectory) = (time, trajectory)
    var values = [Double](repeating: .nan, count: names.count)
    var isThere = [Bool](repeating: false, count: names.count)
    var moment: Double?
    var label: DecimalNumber?
    var refusal: String?
    var new: [String] = []
    var keys = JSONKeys()
    swap(&keys, &self.keys)
    defer { swap(&keys, &self.keys) }
    var member = 0
    do throws(JSONRow.Malformed) {
      try JSONRow.members(line) { range, hasEscapes, value in
        let key = UnsafeRawBufferPointer(rebasing: line[range])
        var isNew = false
        let meaning = keys.meaning(of: key, hasEscapes: hasEscapes, at: member) { name in
          isNew = true
          return JSONKeys.Meaning(
            name: name, place: names.firstIndex(of: name), isTime: name == time, isTrajectory: name == trajectory,
            isOurs: name == "frame" || name == "seq")
        }
        member += 1
        let number = Self.number(value, in: line)
        if meaning.isTime {
          if moment != nil { refusal = refusal ?? "has `\(time)` twice" }
          switch (value, number) {
          case (_, .number(let seconds)) where seconds.isFinite: moment = seconds
          case (_, .missing): refusal = refusal ?? "has no time in `\(time)`"
          case (.text(let range), _):
            do throws(Refusal) { moment = try self.moment(UnsafeRawBufferPointer(rebasing: line[range])) } catch {
              refusal = refusal ?? error.reason
            }
          default: refusal = refusal ?? "has a time in `\(time)` that is neither a number nor a date"
          }
        }
        if meaning.isTrajectory {
          if label != nil { refusal = refusal ?? "has `\(trajectory)` twice" }
          // A text that looks like a number is none.
          if case .number(let number) = value { label = number } else { label = .text }
        }
        if let place = meaning.place {
          if isThere[place] { refusal = refusal ?? "has `\(meaning.name)` twice" }
          isThere[place] = true
          switch number {
          case .number(let value): values[place] = value
          case .missing: break
          case .beyond: refusal = refusal ?? "has a number in `\(meaning.name)` that no double holds"
          case .text: refusal = refusal ?? "has no number in `\(meaning.name)`"
          }
        } else if isNew, number != .text, !meaning.isTime, !meaning.isTrajectory, !meaning.isOurs, columns == nil {
          new.append(meaning.name)
        }
      }
    } catch { return .refused("is not a JSON object") }
    if let refusal { return .refused(refusal) }
    if let reason = complaint(moment: moment, label: label, isThere) { return .refused(reason) }
    if !new.isEmpty {
      remark(
        "brings \(new.map { "`\($0)`" }.joined(separator: ", ").prefix(200)), which the first row had not: not read; name what is to be read with `columns:`"
      )
    }
    return observation(label: label, moment: moment, values)
  }

  /// What is missing in a line, as a reason to refuse it. A row that lacks some of the numbers of the first row is a row.
  private mutating func complaint(moment: Double?, label: DecimalNumber?, _ isThere: [Bool]) -> String? {
    if let missing = isThere.firstIndex(of: false) {
      if columns != nil { return "has no number `\(names![missing])`" }
      guard isThere.contains(true) else {
        return
          "holds none of the numbers of the first row (\(names!.joined(separator: ", ").prefix(200))); name what is to be read with `columns:`"
      }
      lacking += 1
      if lacking & (lacking - 1) == 0 {
        remark(
          "lacks `\(names![missing])`, which the first row had; such numbers are missing (\(lacking) such lines so far)"
        )
      }
    }
    if moment == nil, needsTime || hasTime == true { return "has no time in `\(time)`" }
    if label == nil, needsTrajectory || hasTrajectory == true { return "has no trajectory in `\(trajectory)`" }
    if moment != nil, hasTime == false { return "has a time in `\(time)`, which the rows before lack" }
    if label != nil, hasTrajectory == false { return "has a trajectory in `\(trajectory)`, which the rows before lack" }
    return nil
  }

  /// By the first row: its numbers, in the order of their names.
  /// - Returns: Why it is none.
  private mutating func settleJSON(_ line: UnsafeRawBufferPointer) -> String? {
    var numbers: Set<String> = []
    do throws(JSONRow.Malformed) {
      try JSONRow.members(line) { range, _, value in
        let name = (try? JSONText.decode(UnsafeRawBufferPointer(rebasing: line[range]))) ?? ""
        guard ![trajectory, time, "frame", "seq"].contains(name), Self.number(value, in: line) != .text else { return }
        numbers.insert(name)
      }
    } catch { return "is not a JSON object" }
    guard !numbers.isEmpty else { return "holds no numbers" }
    settle(names: numbers.sorted())
    keys.forget()
    return nil
  }

  /// A number, or one of the words for none in a text; `text` for anything else.
  private static func number(_ value: JSONRow.Value, in line: UnsafeRawBufferPointer) -> DecimalNumber {
    switch value {
    case .number(let number): return number
    case .other: return .text
    case .text(let range):
      guard (2...9).contains(range.count) else { return .text }
      let number = DecimalNumber(UnsafeRawBufferPointer(rebasing: line[range]))
      if case .number(let value) = number, value.isFinite { return .text }
      return number == .beyond ? .text : number
    }
  }
}
