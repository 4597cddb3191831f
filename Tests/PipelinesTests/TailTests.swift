import Foundation
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("A file of another program, through the source that tails it")
struct TailTests {
  private struct Read {
    var messages: [String]
    /// Of each row.
    var trajectories: [Int]
    var times: [Double]
    /// By name, NaN where there is none.
    var values: [[String: Double]]
    var error: String?

    func said(_ words: String...) -> Bool { messages.contains { text in words.allSatisfy(text.contains) } }
  }

  /// Runs a pipeline of the source, a log and a store.
  private func read(_ bytes: [UInt8], name: String = "rows.csv", _ keys: String = "") async throws -> Read {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: name)
      try Data(bytes).write(to: file)
      let description = try PipelineDescription(
        text: """
          name: tailed
          sources:
            rows: { tail: { path: \(file.path), follow: false\(keys.isEmpty ? "" : ", " + keys) } }
          sinks:
            log: { from: rows, jsonl: log.jsonl }
            store: { from: rows, zarr: { path: s.zarr } }
          """)
      let run = try PipelineRun(description, directory: folder.appending(path: "run"), resuming: false)
      var failure: String?
      do { _ = try await run.execute(status: TerminalStatus(isTerminal: false)) } catch { failure = "\(error)" }
      // Not by JSONSerialization, which rounds the last bit of some numbers wrongly.
      let rows = try Runs.lines(run.directory.file("log.jsonl")).map {
        try JSONDecoder().decode([String: Double?].self, from: Data($0.utf8)).mapValues { $0 ?? .nan }
      }
      return Read(
        messages: Runs.messages(run), trajectories: rows.map { Int($0["trajectory"]!) },
        times: rows.map { $0["time"]! },
        values: rows.map { row in row.filter { !["trajectory", "time", "frame"].contains($0.key) } }, error: failure)
    }
  }

  private func read(_ text: String, name: String = "rows.csv", _ keys: String = "") async throws -> Read {
    try await read(Array(text.utf8), name: name, keys)
  }

  @Test("A mark of UTF-8 at the beginning is no part of the first name")
  func mark() async throws {
    let csv = try await read([0xEF, 0xBB, 0xBF] + Array("trajectory,time,x\n3,0,5\n3,1,6\n".utf8))
    #expect(csv.trajectories == [3, 3] && csv.values == [["x": 5], ["x": 6]] && csv.messages.count <= 1)
    let json = try await read(
      [0xEF, 0xBB, 0xBF] + Array("{\"trajectory\":2,\"time\":0,\"x\":1}\n".utf8), name: "r.jsonl")
    #expect(json.trajectories == [2] && json.values == [["x": 1]])
  }

  @Test("UTF-16 ends the run with the command that makes UTF-8 of it", arguments: [[0xFF, 0xFE], [0xFE, 0xFF]])
  func wide(mark: [UInt8]) async throws {
    let text = "time,x\n0,1\n".utf16.flatMap { mark[0] == 0xFF ? [UInt8($0), 0] : [0, UInt8($0)] }
    for name in ["rows.csv", "rows.jsonl"] {
      let read = try await read(mark + text, name: name)
      #expect(read.error?.contains("iconv -f UTF-16 -t UTF-8") == true && read.error?.contains(name) == true)
    }
    let unmarked = try await read(text)
    #expect(unmarked.trajectories.isEmpty && unmarked.said("NUL bytes", "rows.csv, line 1"))
  }

  @Test(
    "A trajectory that is none is refused by line, and no line goes to another trajectory",
    arguments: [
      "one", "", "1.5", "-1", "nan", "inf", "1e999", "1000000", "1000000000000", "0x1", "99999999999999999999",
    ])
  func trajectory(cell: String) async throws {
    let csv = try await read("trajectory,time,x\n1,0,5\n\(cell),1,6\n1,2,7\n")
    #expect(csv.trajectories == [1, 1] && csv.times == [0, 2] && csv.error == nil)
    #expect(csv.said("rows.csv, line 3", "`trajectory`", "from 0 to 999999", "`trajectory:`"))
    guard !cell.isEmpty else { return }
    let json = try await read(
      "{\"trajectory\":1,\"time\":0,\"x\":5}\n{\"trajectory\":\"\(cell)\",\"time\":1,\"x\":6}\n", name: "rows.jsonl")
    #expect(json.trajectories == [1] && json.said("rows.jsonl, line 2", "`trajectory`"))
  }

  @Test("The highest trajectory number that is taken costs no memory to speak of")
  func highest() async throws {
    let read = try await read("trajectory,time,x\n999999,0,5\n")
    #expect(read.trajectories == [999_999] && read.error == nil)
  }

  @Test("A column that was asked for by name must be there; one that was not may be missing, and that is said")
  func asked() async throws {
    for key in ["time: when", "trajectory: object", "columns: \"x, z\""] {
      let missing = key.contains("when") ? "when" : key.contains("object") ? "object" : "z"
      let csv = try await read("time,x\n0,1\n", key)
      #expect(csv.error?.contains("there is no column `\(missing)`; the header names time, x") == true)
      let json = try await read("{\"time\":0,\"x\":1}\n", name: "rows.jsonl", key)
      #expect(json.trajectories.isEmpty && json.said("line 1", "`\(missing)`"))
    }
    let counted = try await read("x\n4\n5\n")
    #expect(counted.times == [0, 1] && counted.said("no `time`", "counted"))
    #expect(try await read("time;x\n0;1\n", "columns: x").error?.contains("not by semicolons") == true)
  }

  @Test("Where lines are counted as time, a refused line is a gap, not a step")
  func countedGap() async throws {
    let read = try await read("x\n1\n2\noops\n3\n")
    #expect(read.times == [0, 1, 3] && read.said("line 4", "`oops`"))
  }

  @Test("Keys that come later are told once and not kept; keys that are missing are missing numbers")
  func keys() async throws {
    let lines = ["{\"time\":0,\"x\":1,\"y\":2}", "{\"time\":1,\"x\":3}", "{\"time\":2,\"z\":9,\"x\":4,\"y\":5}"]
    let read = try await read(
      (lines + [lines[2].replacing(":2,", with: ":3,"), ""]).joined(separator: "\n"), name: "r.jsonl")
    #expect(read.times == [0, 1, 2, 3] && read.values.map { $0["x"] } == [1, 3, 4, 4])
    #expect(read.values[1]["y"]?.isNaN == true && read.values[2]["y"] == 5 && read.values[2]["z"] == nil)
    #expect(read.said("line 2", "lacks `y`"))
    #expect(
      read.messages.filter { $0.contains("`z`") && $0.contains("line 3") && $0.contains("`columns:`") }.count == 1)
    #expect(!read.messages.contains { $0.contains("line 4") })
    let other = try await self.read(lines[0] + "\n{\"time\":1,\"epoch\":3}\n", name: "r.jsonl")
    #expect(other.times == [0] && other.said("line 2", "none of the numbers", "`columns:`"))
  }

  @Test("A header in the middle of the file is no row; one with the columns in another order is read by")
  func repeatedHeader() async throws {
    let read = try await read("time,x,y\n0,1,2\ntime,x,y\n1,3,4\ntime,y,x\n2,6,5\nyes,no,maybe\n")
    #expect(read.times == [0, 1, 2] && read.values.map { $0["x"] } == [1, 3, 5] && read.values[2]["y"] == 6)
    #expect(read.said("line 5", "names the columns anew: time, y, x") && read.said("line 7", "`yes`"))
    #expect(!read.messages.contains { $0.contains("line 3") })
  }

  @Test("Two columns of one name are refused where they are read, and do no harm where they are not")
  func doubles() async throws {
    #expect(try await read("time,x,x\n0,1,2\n").error?.contains("two columns are called `x`") == true)
    #expect(try await read("time,time,x\n0,1,2\n").error?.contains("`time`") == true)
    let read = try await read("time,a,a,x\n0,1,2,3\n", "columns: x")
    #expect(read.values == [["x": 3]] && read.error == nil)
    let json = try await self.read("{\"time\":0,\"x\":1,\"x\":2}\n", name: "rows.jsonl")
    #expect(json.times.isEmpty && json.said("line 1", "`x` twice"))
  }

  @Test("A file without a line of names ends the run before it has begun")
  func headless() async throws {
    for text in ["0,1\n1,2\n", "2001-09-09T01:46:40Z,1\n", "# by hand\n0,1\n"] {
      #expect(try await read(text).error?.contains("must name its columns") == true, "\(text)")
    }
    #expect(try await read("time,1,2\n0,1,2\n", "columns: \"1, 2\"").values == [["1": 1, "2": 2]])
  }

  @Test("Quotation marks, line ends of other systems, comments, empty lines and a last line without its end are read")
  func forms() async throws {
    let read = try await read(
      "# made today\r\n\"time\", \"x, in m\" ,note\r\n\r\n0,\"1.5\",\"a \"\"b\"\", c\"\r\n 1 , 2.5 ,\"\"")
    #expect(read.times == [0, 1] && read.values == [["x, in m": 1.5], ["x, in m": 2.5]] && read.error == nil)
    #expect(read.said("line 4", "no numbers in `note`"))
    let bad = try await self.read("time,x\n0,\"1\n1,\"2\"3\n2,1\r3\n3,4\n")
    #expect(bad.times == [3] && bad.said("line 2", "not closed") && bad.said("3 lines were passed over") == false)
    #expect(bad.said("3 lines were no rows") || bad.said("line 3"))
  }

  @Test(
    "A cell that is no decimal number is refused by line and column, never taken for another",
    arguments: ["0x10", "\"1,234\"", "1 234", "1'234", "\"1,5\"", "1e999", "-1e400", "12%", "\u{0}", "1_000"])
  func cells(cell: String) async throws {
    let read = try await read("time,x\n0,1\n1,\(cell)\n2,3\n")
    #expect(read.times == [0, 2] && read.values == [["x": 1], ["x": 3]])
    #expect(read.said("rows.csv, line 3") && (cell == "\u{0}" || read.said("`x`")))
  }

  @Test("Cells that say that there is no number are missing numbers", arguments: ["", "nan", "NA", "null", "None"])
  func missing(cell: String) async throws {
    let read = try await read("time,x,y\n0,1,1\n1,\(cell),2\n2,3,3\n")
    #expect(read.times == [0, 1, 2] && read.values[1]["x"]?.isNaN == true && read.values[1]["y"] == 2)
  }

  @Test("Numbers come with the bits that they were written with")
  func bits() async throws {
    let numbers: [Double] = [
      0.1 + 0.2, -Double.pi, .leastNonzeroMagnitude, 1.7976931348623157e308, 1e22, 123_456_789_012_345_680,
    ]
    let read = try await read("time,x\n" + numbers.enumerated().map { "\($0),\($1)\n" }.joined())
    #expect(read.values.map { $0["x"]!.bitPattern } == numbers.map(\.bitPattern))
  }

  @Test("Invalid UTF-8, NUL bytes and lines beyond all bounds spoil no other line")
  func broken() async throws {
    var bytes = Array("time,x,note\n0,1,".utf8) + [0xFF, 0xC0] + Array("\n".utf8)
    bytes += Array("1,".utf8) + [0xFF] + Array(",b\n2,".utf8) + [0, 0, 0] + Array(",c\n3,".utf8)
    bytes += [UInt8](repeating: UInt8(ascii: "1"), count: LineFollower.longestLine) + Array(",d\n4,5,e\n".utf8)
    let read = try await read(bytes, "columns: x")
    #expect(read.times == [0, 4] && read.values == [["x": 1], ["x": 5]] && read.error == nil)
    #expect(read.said("line 3", "`x`") && read.said("line 4", "NUL") && read.said("3 lines were no rows"))
    let json = try await self.read(
      Array("{\"time\":0,\"x\":1,\"a\":\"".utf8) + [0xFF] + Array("\"}\n{\"time\":1,\"x\":2}\n".utf8), name: "r.jsonl")
    #expect(json.times == [1] && json.said("line 1", "not a JSON object"))
  }

  @Test("A hundred thousand columns are a row")
  func wideRow() async throws {
    let names = (0..<100_000).map { "c\($0)" }.joined(separator: ",")
    let row = (0..<100_000).map(String.init).joined(separator: ",")
    let read = try await read("time,\(names)\n0,\(row)\n1,\(row),7\n", "columns: \"c0, c99999\"")
    #expect(
      read.values == [["c0": 0, "c99999": 99_999]] && read.said("line 3", "100002 cells where the header names 100001"))
  }

  @Test(
    "A line that is no JSON object is refused",
    arguments: [
      "[1]", "{", "{\"x\":1", "{\"x\":01}", "{\"x\":1.}", "{\"x\":.5}", "{\"x\":+1}", "{\"x\":1,}", "{x:1}",
      "{\"x\":1}}",
      "{\"x\":1} 2", "{\"x\":tru}", "{\"x\":\"\\q\"}", "{\"x\":1 \"y\":2}", "{\"x\":--1}", "{\"x\":0x1}", "{\"x\":1e}",
    ])
  func json(line: String) async throws {
    let read = try await read("{\"time\":0,\"x\":7}\n\(line)\n", name: "rows.jsonl")
    #expect(read.times == [0] && read.said("rows.jsonl, line 2", "not a JSON object"))
  }

  @Test("Nested values, texts, truth values and escaped keys are passed over, also ten thousand lists deep")
  func nested() async throws {
    let first = "{\"time\":0,\"x\":1e0,\"a\":{\"x\":5,\"b\":[1,{\"c\":null}]},\"t\":true,\"s\":\"2\",\"e\":[],\"o\":{}}"
    let read = try await read(first + "\n{\"ti\\u006de\": 1, \"x\": NaN, \"s\":\"\\u00e9\\\"\"}\n", name: "rows.jsonl")
    #expect(read.times == [0, 1] && read.values[0] == ["x": 1] && read.values[1]["x"]?.isNaN == true)
    let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
    let bottomless = try await self.read(
      "{\"time\":0,\"x\":1}\n{\"time\":1,\"x\":2,\"d\":\(deep)}\n", name: "rows.jsonl")
    #expect(bottomless.times == [0] && bottomless.said("line 2"))
  }

  @Test("A time that is there but is none is refused", arguments: ["noon", "", "nan", "inf", "1e999"])
  func time(cell: String) async throws {
    let read = try await read("time,x\n0,1\n\(cell),2\n2,3\n")
    #expect(read.times == [0, 2] && read.said("line 3", cell.isEmpty || cell == "nan" ? "no time" : cell))
  }
}

@Suite("A log that is followed and is not whole")
struct TailJobTests {
  private struct Number: Codable, Sendable { var x: Int }

  private func log(_ folder: URL, _ change: (inout [String]) -> Void) throws -> URL {
    let url = folder.appending(path: "l.jsonl")
    let log = try JSONLinesLog(url)
    for x in 0..<9 { try log.append(Number(x: x)) }
    var lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map(String.init)
    change(&lines)
    try (lines.joined(separator: "\n") + "\n").write(to: url, atomically: true, encoding: .utf8)
    return url
  }

  @Test("Missing and changed lines are counted, and the command ends with a code of its own for bad data")
  func losses() async throws {
    try await withTemporaryDirectory { folder in
      let url = try log(folder) { lines in
        lines[7] = lines[7].replacing("\"x\":7", with: "\"x\":8")
        lines.removeSubrange(2..<5)
      }
      let error = await #expect(throws: RunError.self) {
        try await TailJob([url], lines: 0).run { _ in }
      }
      #expect(error?.message.contains("4 lines are missing, 1 fail their checksum") == true, "\(error?.message ?? "")")
      #expect(error.flatMap { ExitStatus(for: $0) } == .badInput)
    }
  }

  @Test("A whole log, and one with a line that a kill cut short, end without an error")
  func whole() async throws {
    try await withTemporaryDirectory { folder in
      let url = try log(folder) { $0.append("{\"seq\":9,\"x") }
      try JSONLinesLog(url).append(Number(x: 9))
      try await TailJob([url], lines: 0).run { _ in }
    }
  }
}
