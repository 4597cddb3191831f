internal import Foundation

/// Reads lines of a log of numbers: JSON objects, or CSV with a line of names.
struct ObservationParser: Sendable {
  enum Outcome: Equatable {
    case observation(Observation)
    /// The names of a CSV file's columns.
    case header
    case refused(String)
  }

  /// Lines seen since the beginning of the file.
  private(set) var line = 0
  /// Lines that were no observations.
  private(set) var refused = 0
  private let isCSV: Bool
  private let columns: [String]?
  private let trajectory: String
  private let time: String
  private var clock = LogTime()
  private var header: [String]?
  /// Lines of each trajectory so far. Bounded: a column that is no trajectory number is not to fill the memory.
  private var counts: [Int: Int] = [:]

  init(isCSV: Bool, columns: [String]?, trajectory: String, time: String) {
    self.isCSV = isCSV
    self.columns = columns
    self.trajectory = trajectory
    self.time = time
  }

  /// The file begins anew; its trajectories go on.
  mutating func restart() {
    line = 0
    header = nil
  }

  mutating func parse(_ text: String) -> Outcome {
    line += 1
    let outcome = isCSV ? parseCSV(text) : parseJSON(text)
    if case .refused = outcome { refused += 1 }
    return outcome
  }

  private mutating func parseJSON(_ text: String) -> Outcome {
    guard let object = try? JSONDecoder().decode([String: Field].self, from: Data(text.utf8)) else {
      return .refused("is not a JSON object")
    }
    return observation(
      object.compactMapValues(\.number), time: object[time].flatMap { $0.number == nil ? $0.text : nil })
  }

  private mutating func parseCSV(_ text: String) -> Outcome {
    let cells = text.split(separator: ",", omittingEmptySubsequences: false).map(\.trimmingWhitespace)
    guard let header else {
      header = cells
      return cells.allSatisfy { Double($0) == nil }
        ? .header : .refused("the first line of a CSV file must name its columns")
    }
    guard cells.count == header.count else {
      return .refused("has \(cells.count) cells where the header names \(header.count)")
    }
    // An empty cell is a missing number.
    let numbers = zip(header, cells).compactMap { name, cell in (cell.isEmpty ? .nan : Double(cell)).map { (name, $0) }
    }
    let text = header.firstIndex(of: time).map { cells[$0] }
    return observation(
      Dictionary(numbers) { first, _ in first }, time: text.flatMap { $0.isEmpty || Double($0) != nil ? nil : $0 })
  }

  /// - Parameter text: The time where it is no number.
  private mutating func observation(_ numbers: [String: Double], time text: String?) -> Outcome {
    var seconds = numbers[time]
    if let text {
      seconds = clock.seconds(text)
      if seconds == nil {
        return .refused("has the time `\(text.prefix(40))`, neither a number nor a date such as 2000-12-31T23:59:59Z")
      }
    }
    let names: [String]
    if let columns {
      if let missing = columns.first(where: { numbers[$0] == nil }) { return .refused("has no number `\(missing)`") }
      names = columns
    } else {
      names = numbers.keys.filter { ![trajectory, time, "frame", "seq"].contains($0) }.sorted()
    }
    guard !names.isEmpty else { return .refused("holds no numbers") }
    let number = numbers[trajectory].flatMap { Int(exactly: $0) } ?? 0
    guard counts[number] != nil || counts.count < 1_000_000 else { return .refused("names the millionth trajectory") }
    let index = counts[number, default: 0]
    counts[number] = index + 1
    return .observation(
      Observation(
        trajectory: number, index: index, time: seconds ?? Double(index), names: names,
        values: names.map { numbers[$0]! }))
  }

  /// A value of a JSON object, of which only numbers matter; null is a number that is missing.
  private struct Field: Decodable {
    let number: Double?
    /// Of a string that is no number.
    var text: String?

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        number = .nan
      } else if let value = try? container.decode(Double.self) {
        number = value
      } else if let text = try? container.decode(String.self) {
        self.text = text
        number = ["NaN", "nan", "inf", "-inf", "Infinity", "-Infinity"].contains(text) ? Double.nan : nil
      } else {
        number = nil
      }
    }
  }
}
