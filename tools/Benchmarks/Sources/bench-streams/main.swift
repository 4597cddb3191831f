import AsyncAlgorithms
import Foundation
import Streams

// Nanoseconds an element costs on its way through edges of a graph, beside a bare AsyncChannel and a bare AsyncStream, and
// what it costs to read the rows of a CSV file: bench-streams [elements] [rows]. The least of three runs.

let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let elements = arguments.first ?? 10_000_000
let rows = arguments.dropFirst().first ?? 1_000_000

func line(_ name: String, _ count: Int, _ unit: String, _ seconds: Double) {
  let text = String(format: "%9.1f ns/%@   %6.2f s for %d", seconds / Double(count) * 1e9, unit, seconds, count)
  print(name.padding(toLength: 46, withPad: " ", startingAt: 0) + text)
}

func least(_ body: () async throws -> Void) async rethrows -> Double {
  var least = Double.infinity
  for _ in 0..<3 {
    let begin = ContinuousClock.now
    try await body()
    least = min(least, (ContinuousClock.now - begin) / .seconds(1))
  }
  return least
}

/// Used by one task alone.
final class Counter: @unchecked Sendable { var value = 0 }

struct Summing: Sink {
  typealias Input = Int
  let expected: Int
  func consume(_ elements: Inlet<Int>) async throws {
    var sum = 0
    for try await element in elements { sum &+= element }
    precondition(sum == expected, "elements were lost")
  }
}

func graph(_ count: Int, buffer: Int, stages: Int) async throws {
  let counter = Counter()
  let pipeline = Pipeline("bench") { graph in
    var flow: Flow<Int> = graph.source("numbers") {
      guard counter.value < count else { return nil }
      counter.value += 1
      return counter.value
    }
    for stage in 0..<stages {
      flow = graph.stage("stage \(stage)", reading: flow.lossless(buffer: buffer)) { elements, emit in
        for try await element in elements { try await emit(element) }
      }
    }
    graph.sink("sum", reading: flow.lossless(buffer: buffer), into: Summing(expected: count * (count + 1) / 2))
  }
  try await pipeline.run()
}

for buffer in [1, 64, 1024] {
  let count = buffer == 1 ? elements / 10 : elements
  line(
    "graph: one edge, buffer \(buffer)", count, "element",
    try await least { try await graph(count, buffer: buffer, stages: 0) })
}
line(
  "graph: three edges, buffer 64", elements, "element",
  try await least { try await graph(elements, buffer: 64, stages: 2) })

let few = elements / 10
line(
  "bare AsyncChannel", few, "element",
  await least {
    let channel = AsyncChannel<Int>()
    let sender = Task {
      for number in 0..<few { await channel.send(number) }
      channel.finish()
    }
    var sum = 0
    for await element in channel { sum &+= element }
    await sender.value
    precondition(sum == few * (few - 1) / 2)
  })
line(
  "bare AsyncStream, without bound", elements, "element",
  await least {
    let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
    let sender = Task {
      for number in 0..<elements { continuation.yield(number) }
      continuation.finish()
    }
    var sum = 0
    for await element in stream { sum &+= element }
    await sender.value
    precondition(sum == elements * (elements - 1) / 2)
  })

/// As large as word of a checkpoint.
struct Landed: Sendable { var url: URL, step: Int, inode: UInt64? }
struct Counting: Sink {
  typealias Input = Landed
  func consume(_ elements: Inlet<Landed>) async throws {
    var steps = 0
    for try await element in elements {
      precondition(element.step == steps)
      steps += 1
    }
    precondition(steps == 100_000, "checkpoints were lost")
  }
}
line(
  "graph: 100 000 checkpoints, buffer 16", 100_000, "element",
  try await least {
    let counter = Counter()
    let folder = URL(filePath: "/checkpoints")
    let pipeline = Pipeline("bench") { graph in
      let flow: Flow<Landed> = graph.source("checkpoints") {
        guard counter.value < 100_000 else { return nil }
        defer { counter.value += 1 }
        return Landed(url: folder, step: counter.value, inode: 5)
      }
      graph.sink("judge", reading: flow.lossless(buffer: 16), into: Counting())
    }
    try await pipeline.run()
  })

// Rows as another program prints them: a time, a number of 17 digits, one of six, one of three.
let file = FileManager.default.temporaryDirectory.appending(path: "bench-streams-\(getpid()).csv")
defer { try? FileManager.default.removeItem(at: file) }
var text = "time,a,b,c\n"
var x = 0.1
for row in 0..<rows {
  x = 3.9 * x * (1 - x)
  text += "\(0.25 * Double(row)),\(x),\(Double(Int(x * 1e6)) * 1e-6),\(Double(Int(x * 1e3)) / 1e3)\n"
}
try Data(text.utf8).write(to: file)
let seconds = try await least {
  var follower = LineFollower(file)
  var numbers = 0
  while case let block = try follower.readBytes(), !block.isEmpty {
    try block.withUnsafeBytes { bytes in
      for line in bytes.split(separator: 10) {
        var cells = CSVCells(UnsafeRawBufferPointer(rebasing: line))
        while let cell = try cells.next() { if case .number = DecimalNumber(cell) { numbers += 1 } }
      }
    }
  }
  precondition(numbers == 4 * rows, "\(numbers) numbers")
}
line("CSV: lines, cells and numbers of a file", 4 * rows, "number", seconds)
