internal import Streams

/// Reads lines of a log of numbers: JSON objects, or CSV with a line of names.
///
/// What a line cannot be read for is refused with a reason and never guessed: a trajectory or a time that is there but is
/// none, a cell that is no decimal number, a number that double precision does not reach. Which numbers a row has is
/// settled by `columns`, or by the first row; what comes besides later is told once.
struct ObservationParser: Sendable {
  enum Outcome: Equatable {
    case observation(Observation)
    /// The names of a CSV file's columns, also where they are repeated.
    case header
    /// An empty line, or a comment.
    case passed
    case refused(String)
  }

  /// Trajectories are numbered from 0 to below this: in memory and in a store each number up to the highest has a place.
  static let trajectories = 1_000_000

  /// Lines seen since the beginning of the file.
  private(set) var line = 0
  /// Lines that were no observations.
  private(set) var refused = 0
  /// What is to be told of the lines so far, taken by whoever tells it.
  private var remarks: [String] = []
  let isCSV: Bool
  let columns: [String]?
  let trajectory: String
  let time: String
  /// Whether the file must have the column of the time, or of the trajectory, because somebody asked for it by name.
  let needsTime: Bool
  let needsTrajectory: Bool

  /// The numbers of a row; nil until `columns` or the first row has settled them.
  private(set) var names: [String]?
  /// Observations so far.
  private(set) var given = 0
  /// Whether rows have a time and a trajectory; nil before the first row.
  var hasTime: Bool?
  var hasTrajectory: Bool?
  var table: CSVTable?
  var keys = JSONKeys()
  /// Lines without some of the numbers of the first row.
  var lacking = 0
  /// Rows of each trajectory so far.
  private var counts: [Int: Int] = [:]

  /// - Parameters:
  ///   - columns: The numbers of a row; those of the first row when nil.
  ///   - needsTime: Refuses a file without the column of the time.
  init(
    isCSV: Bool, columns: [String]?, trajectory: String, time: String, needsTime: Bool = false,
    needsTrajectory: Bool = false
  ) {
    self.isCSV = isCSV
    self.columns = columns
    self.trajectory = trajectory
    self.time = time
    self.needsTime = needsTime
    self.needsTrajectory = needsTrajectory
    names = columns
  }

  /// The file begins anew; its trajectories go on.
  mutating func restart() {
    line = 0
    table = nil
  }

  mutating func takeRemarks() -> [String] {
    defer { remarks = [] }
    return remarks
  }

  mutating func remark(_ text: String) { remarks.append("line \(line) \(text)") }

  /// - Throws: `RunError` for a file that cannot be read as such a log from its first line on.
  mutating func parse(_ text: String) throws -> Outcome {
    var text = text
    return try text.withUTF8 { try parse(UnsafeRawBufferPointer($0)) }
  }

  /// - Parameter bytes: A line without `\n`.
  /// - Throws: `RunError` for a file that cannot be read as such a log from its first line on.
  mutating func parse(_ bytes: UnsafeRawBufferPointer) throws -> Outcome {
    line += 1
    var bytes = bytes
    if bytes.last == UInt8(ascii: "\r") { bytes = UnsafeRawBufferPointer(rebasing: bytes.dropLast()) }
    if line == 1 { bytes = try withoutMark(bytes) }
    if bytes.allSatisfy({ $0 == 32 || $0 == 9 }) { return .passed }
    let outcome = try complaint(about: bytes).map(Outcome.refused) ?? (isCSV ? parseCSV(bytes) : parseJSON(bytes))
    if case .refused = outcome { refused += 1 }
    return outcome
  }

  /// The first line without the mark that says how the file is written.
  private func withoutMark(_ bytes: UnsafeRawBufferPointer) throws -> UnsafeRawBufferPointer {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw RunError(.badInput, "is written in UTF-16; make UTF-8 of it: iconv -f UTF-16 -t UTF-8 OLD > NEW")
    }
    guard bytes.starts(with: [0xEF, 0xBB, 0xBF]) else { return bytes }
    return UnsafeRawBufferPointer(rebasing: bytes.dropFirst(3))
  }

  private func complaint(about bytes: UnsafeRawBufferPointer) -> String? {
    if bytes.count >= LineFollower.longestLine {
      return "is longer than \(LineFollower.longestLine >> 20) MiB; a row must end with a line's end"
    }
    if bytes.place(of: 0) != nil {
      return "holds NUL bytes: it is no UTF-8 text, or a crash of its writer left a hole in the file"
    }
    if bytes.place(of: UInt8(ascii: "\r")) != nil {
      return "holds a carriage return in its middle; lines end with \\n or \\r\\n"
    }
    return nil
  }

  /// Settles which numbers a row has.
  mutating func settle(names: [String]) { self.names = names }

  /// Puts an observation together.
  /// - Parameters:
  ///   - label: What the column of the trajectory says; nil without that column.
  ///   - moment: The time; nil where there is none, so that lines are counted.
  ///   - values: By `names`.
  mutating func observation(label: DecimalNumber?, moment: Double?, _ values: [Double]) -> Outcome {
    var number = 0
    if let label {
      guard case .number(let value) = label, let whole = Int(exactly: value), (0..<Self.trajectories).contains(whole)
      else {
        return .refused(
          "has no trajectory number in `\(trajectory)`: whole numbers from 0 to \(Self.trajectories - 1) tell trajectories apart; number them so, or name another column with `trajectory:`"
        )
      }
      number = whole
    }
    if given == 0, moment == nil { remark("begins the rows, and there is no `\(time)`: lines are counted as time") }
    hasTime = moment != nil
    hasTrajectory = label != nil
    let index = counts[number, default: 0]
    counts[number] = index + 1
    given += 1
    // A refused line is a gap in a time that counts lines: its neighbours must not seem to follow each other.
    return .observation(
      Observation(
        trajectory: number, index: index, time: moment ?? Double(index + refused), names: names ?? [], values: values))
  }

  /// The time in a cell, a number or a date.
  /// - Throws: `Refusal` for one that is neither.
  func moment(_ cell: UnsafeRawBufferPointer) throws(Refusal) -> Double {
    switch DecimalNumber(cell) {
    case .number(let value) where value.isFinite: return value
    case .missing: throw Refusal("has no time in `\(time)`")
    case .text:
      if let seconds = LogTime.date(cell) { return seconds }
    default: break
    }
    throw Refusal(
      "has the time `\(Self.shown(cell))`, neither a number nor a date such as 2000-12-31T23:59:59Z")
  }

  static func shown(_ cell: UnsafeRawBufferPointer) -> String {
    String(String(decoding: cell, as: UTF8.self).prefix(40))
  }

  /// Why a line is refused.
  struct Refusal: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
  }
}
