internal import Streams

/// Where the numbers of a CSV file's rows are, by its line of names.
struct CSVTable: Sendable {
  struct Role: OptionSet, Sendable {
    let rawValue: UInt8
    static let value = Role(rawValue: 1)
    static let time = Role(rawValue: 2)
    static let trajectory = Role(rawValue: 4)
  }

  let header: [String]
  /// By column.
  private(set) var roles: [Role]
  /// By column: the place in the row's values, where it has the role.
  private(set) var places: [Int]
  let time: Int?
  let trajectory: Int?

  init(header: [String], time: String, trajectory: String) {
    self.header = header
    self.time = header.firstIndex(of: time)
    self.trajectory = header.firstIndex(of: trajectory)
    roles = Array(repeating: [], count: header.count)
    places = Array(repeating: 0, count: header.count)
    if let column = self.time { roles[column].insert(.time) }
    if let column = self.trajectory { roles[column].insert(.trajectory) }
  }

  /// - Returns: The first of the names that there is no column for.
  mutating func read(_ names: [String]) -> String? {
    let columns = Dictionary(zip(header, header.indices)) { first, _ in first }
    for (place, name) in names.enumerated() {
      guard let column = columns[name] else { return name }
      roles[column].insert(.value)
      places[column] = place
    }
    return nil
  }

  /// A name that two columns have.
  func repeated(among names: some Sequence<String>) -> String? {
    let wanted = Set(names)
    var seen: Set<String> = []
    return header.first { wanted.contains($0) && !seen.insert($0).inserted }
  }
}

extension ObservationParser {
  mutating func parseCSV(_ line: UnsafeRawBufferPointer) throws -> Outcome {
    guard line.first != UInt8(ascii: "#") else { return .passed }
    guard table != nil else { return try header(line) }
    do { return try row(line) } catch {
      // The names again, as where files were put one behind the other; then in the order of these.
      guard let again = try? newHeader(line) else { return .refused(error.reason) }
      if again.header != table?.header {
        remark("names the columns anew: \(again.header.joined(separator: ", ").prefix(200)); rows are read by that now")
      }
      table = again
      return .header
    }
  }

  private mutating func row(_ line: UnsafeRawBufferPointer) throws(Refusal) -> Outcome {
    if names == nil { try settle(line) }
    let table = table!
    var values = [Double](repeating: .nan, count: names!.count)
    var moment: Double?
    var label: DecimalNumber?
    // The number of cells is told first, whatever is wrong besides.
    var refusal: Refusal?
    var cells = CSVCells(line)
    var column = 0
    while let cell = try Self.next(&cells) {
      defer { column += 1 }
      guard column < table.roles.count else { continue }
      let role = table.roles[column]
      guard !role.isEmpty else { continue }
      if role.contains(.time) {
        do { moment = try self.moment(cell) } catch { refusal = refusal ?? error }
      }
      if role.contains(.trajectory) { label = DecimalNumber(cell) }
      guard role.contains(.value) else { continue }
      switch DecimalNumber(cell) {
      case .number(let value): values[table.places[column]] = value
      case .missing: break
      case .beyond:
        refusal =
          refusal ?? Refusal("has the number `\(Self.shown(cell))` in `\(table.header[column])`, which no double holds")
      case .text:
        refusal =
          refusal ?? Refusal("has `\(Self.shown(cell))` in `\(table.header[column])`, which is no decimal number")
      }
    }
    guard column == table.header.count else {
      throw Refusal("has \(column) cells where the header names \(table.header.count)")
    }
    if let refusal { throw refusal }
    return observation(label: label, moment: moment, values)
  }

  private static func next(_ cells: inout CSVCells) throws(Refusal) -> UnsafeRawBufferPointer? {
    do throws(CSVCells.Problem) { return try cells.next() } catch { throw Refusal("\(error)") }
  }

  /// By the first row: its numbers, in the order of their names.
  private mutating func settle(_ line: UnsafeRawBufferPointer) throws(Refusal) {
    var cells = CSVCells(line)
    var numbers: [String] = []
    var texts: [String] = []
    var column = 0
    while let cell = try Self.next(&cells) {
      defer { column += 1 }
      guard column < table!.header.count else { continue }
      let name = table!.header[column]
      guard ![trajectory, time, "frame", "seq"].contains(name) else { continue }
      if name.isEmpty || DecimalNumber(cell) == .text { texts.append(name) } else { numbers.append(name) }
    }
    guard column == table!.header.count else {
      throw Refusal("has \(column) cells where the header names \(table!.header.count)")
    }
    guard !numbers.isEmpty else { throw Refusal("holds no numbers") }
    settle(names: numbers.sorted())
    _ = table!.read(names!)
    if !texts.isEmpty {
      let named = texts.map { $0.isEmpty ? "(without a name)" : "`\($0)`" }.joined(separator: ", ").prefix(200)
      remark("has no numbers in \(named): not read; name what is to be read with `columns:`")
    }
  }

  /// The first line. A file that cannot be read by it ends the run before it has begun; one that takes the place of
  /// another later has its lines refused.
  private mutating func header(_ line: UnsafeRawBufferPointer) throws -> Outcome {
    do throws(Refusal) {
      table = try newHeader(line)
      return .header
    } catch {
      guard given > 0 else { throw RunError(.badInput, "line \(self.line): \(error.reason)") }
      return .refused(error.reason)
    }
  }

  private func newHeader(_ line: UnsafeRawBufferPointer) throws(Refusal) -> CSVTable {
    let header: [String]
    do throws(CSVCells.Problem) { header = try CSVCells.texts(line) } catch { throw Refusal("\(error)") }
    var table = CSVTable(header: header, time: time, trajectory: trajectory)
    let wanted = names ?? []
    let isFound = !wanted.isEmpty && wanted.allSatisfy(Set(header).contains)
    if !isFound, let number = header.first(where: { LogTime.seconds($0) != nil }) {
      throw Refusal(
        "the first line of a CSV file must name its columns, and `\(number.prefix(40))` is a number; put a line of names before it"
      )
    }
    let hint =
      header.count == 1 && header[0].contains(where: { ";\t".contains($0) })
      ? "; cells are separated by commas, not by semicolons or tabs" : ""
    func missing(_ name: String) -> Refusal {
      Refusal("there is no column `\(name)`; the header names \(header.joined(separator: ", ").prefix(200))\(hint)")
    }
    if let name = table.read(wanted) { throw missing(name) }
    if table.time == nil, needsTime || hasTime == true { throw missing(time) }
    if table.trajectory == nil, needsTrajectory || hasTrajectory == true { throw missing(trajectory) }
    if hasTime == false, table.time != nil { throw Refusal("the header names `\(time)`, which the rows before lack") }
    if hasTrajectory == false, table.trajectory != nil {
      throw Refusal("the header names `\(trajectory)`, which the rows before lack")
    }
    let read = names ?? header.filter { !$0.isEmpty }
    if let name = table.repeated(among: read + [time, trajectory]) {
      throw Refusal("two columns are called `\(name)`; rename one, or leave it out of `columns:`")
    }
    return table
  }
}
