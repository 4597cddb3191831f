import Foundation
import Synchronization
import Systems

// Every learner on every system of the chaos benchmarks: board --out FILE [--systems A,B] [--learners A,B] [--noise 0,0.01,0.05]
// [--seeds 3] [--workers 2] [--minutes M]. Goes on where it stopped: cells that FILE has are not computed again.

func fail(_ words: String) -> Never {
  FileHandle.standardError.write(Data((words + "\n").utf8))
  exit(64)
}

var options: [String: String] = [:]
var arguments = Array(CommandLine.arguments.dropFirst())
while let name = arguments.first {
  guard name.hasPrefix("--"), arguments.count > 1 else { fail("\(name): give --name value; see tools/board") }
  options[String(name.dropFirst(2))] = arguments[1]
  arguments.removeFirst(2)
}
@MainActor func list(_ name: String, _ all: [String]) -> [String] {
  guard let given = options[name]?.split(separator: ",").map(String.init) else { return all }
  for one in given where !all.contains(one) {
    fail("--\(name): there is no \(one); there are \(all.joined(separator: ", "))")
  }
  return given
}
guard let out = options["out"].map({ URL(filePath: $0) }) else { fail("board --out FILE: where the cells go") }
let systems = list("systems", SystemCatalogue.boardWords)
let learners = list("learners", BoardLearner.all.map(\.name)).map { name in BoardLearner.all.first { $0.name == name }!
}
let noises = (options["noise"] ?? "0,0.01,0.05").split(separator: ",").compactMap { Double($0) }
let seeds = Int(options["seeds"] ?? "3") ?? 3
let workers = Int(options["workers"] ?? "2") ?? 2
let deadline = options["minutes"].flatMap { Double($0) }.map { ContinuousClock.now + .seconds($0 * 60) }

let encoder = JSONEncoder()
encoder.outputFormatting = [.sortedKeys]
let decoder = JSONDecoder()
let earlier = ((try? String(contentsOf: out, encoding: .utf8)) ?? "").split(separator: "\n")
let done = Set(earlier.compactMap { try? decoder.decode(Cell.self, from: Data($0.utf8)).key })
if !FileManager.default.fileExists(atPath: out.path) { FileManager.default.createFile(atPath: out.path, contents: nil) }
let file = try FileHandle(forWritingTo: out)
// A line that was cut short is ended; it is no cell, and computed again.
if let last = earlier.last, (try? decoder.decode(Cell.self, from: Data(last.utf8))) == nil || !done.isEmpty {
  let size = try file.seekToEnd()
  if size > 0, try Data(contentsOf: out).last != 10 { try file.write(contentsOf: Data("\n".utf8)) }
}

struct Portion: Sendable {
  let system: String
  let seed: UInt64
  let cells: [(learner: BoardLearner, noise: Double)]
}
// Learners of one system and seed share its trajectories. Seeds first, so that a board that is stopped has all systems.
let tasks = (0..<seeds).flatMap { seed in
  systems.compactMap { system -> Portion? in
    let cells = learners.flatMap { learner in
      noises.map { (learner: learner, noise: $0) }
    }.filter { !done.contains(Cell(system, $0.learner.name, noise: $0.noise, seed: UInt64(seed + 1)).key) }
    return cells.isEmpty ? nil : Portion(system: system, seed: UInt64(seed + 1), cells: cells)
  }
}
let total = tasks.reduce(0) { $0 + $1.cells.count }
print("\(total) cells to compute, \(done.count) are there")

struct Progress {
  var next = 0
  var cells = 0
  var said = ContinuousClock.now
}
let progress = Mutex(Progress())
let begin = ContinuousClock.now
nonisolated(unsafe) let handle = file

@Sendable func write(_ cell: Cell) {
  progress.withLock { progress in
    // One write a line: a kill leaves whole lines and at most one that is cut short.
    if let line = try? encoder.encode(cell) { try? handle.write(contentsOf: line + Data("\n".utf8)) }
    progress.cells += 1
    guard progress.said + .seconds(10) < .now || progress.cells == total else { return }
    progress.said = .now
    let spent = (ContinuousClock.now - begin) / .seconds(1)
    let left = spent / Double(progress.cells) * Double(total - progress.cells)
    print(String(format: "%d of %d cells, %.0f min left, at %@", progress.cells, total, left / 60, cell.system))
    fflush(nil)
  }
}

DispatchQueue.concurrentPerform(iterations: max(1, workers)) { _ in
  while let task = progress.withLock({ progress -> Portion? in
    guard progress.next < tasks.count, deadline.map({ $0 > .now }) ?? true else { return nil }
    defer { progress.next += 1 }
    return tasks[progress.next]
  }) {
    let data = Result { try BoardData(task.system, seed: task.seed) }
    for (learner, noise) in task.cells {
      var cell = Cell(task.system, learner.name, noise: noise, seed: task.seed)
      switch data {
      case .success(let data?): cell.fill(learner, data)
      case .success(nil): cell.problem = "the system's own trajectories do not stay finite"
      case .failure(let error): cell.problem = "\(error)"
      }
      write(cell)
    }
  }
}
print("\(progress.withLock { $0.cells }) of \(total) cells were computed")

extension SystemCatalogue {
  /// The library's flows, maps and delay systems, and the two that the published boards begin with.
  static var boardWords: [String] {
    let own = Set(all.map { $0.word })
    return kinds.map(\.word).filter { !own.contains($0) }
  }
}
