import Foundation
import Streams
import TestSupport
import Testing

@testable import Pipelines

@Suite("Streams of observables")
struct ObservableStreamTests {
  private func run(_ yaml: String, in folder: URL) async throws -> RunDirectory {
    let run = try PipelineRun(
      PipelineDescription(text: yaml), directory: folder.appending(path: "run"), resuming: false)
    _ = try await run.execute(status: TerminalStatus(isTerminal: false))
    return run.directory
  }

  private func objects(_ url: URL) throws -> [[String: Any]] {
    var follower = JSONLinesFollower(url)
    var objects: [[String: Any]] = []
    while case let items = try follower.read(), !items.isEmpty {
      for case .line(let line) in items {
        objects.append(try JSONSerialization.jsonObject(with: Data(line.object.utf8)) as! [String: Any])
      }
    }
    return objects
  }

  @Test(
    "The field's yardsticks flow through the same stages and sinks as the lattice",
    arguments: [("lorenz-63", "x"), ("lorenz-96", "x7"), ("kuramoto-sivashinsky", "u7")])
  func yardsticks(system: String, name: String) async throws {
    try await withTemporaryDirectory { folder in
      let directory = try await run(
        """
        name: yardstick
        sources:
          system:
            dynamical-system: { system: \(system), trajectories: 3, frames: 40, ensembles: 2, transient: 50 }
        stages:
          climate: { from: system, rolling-climate: { window: 100, lag: 5, every: 60 } }
        sinks:
          log: { from: system, jsonl: log.jsonl }
          climates: { from: climate, jsonl: climate.jsonl }
          page: { from: system, page: {} }
        """, in: folder)
      let lines = try objects(directory.file("log.jsonl"))
      #expect(lines.count == 240)
      #expect(Set(lines.map { $0["trajectory"] as! Int }) == Set(0..<6))
      #expect(lines.allSatisfy { ($0[name] as? Double).map(\.isFinite) == true })
      let climates = try objects(directory.file("climate.jsonl"))
      #expect(climates.count == 4 && climates.last!["seen"] as? Int == 240)
    }
  }

  @Test("What a store keeps of a system comes out of it again, here and in zarr-python")
  func stored() async throws {
    try await withTemporaryDirectory { folder in
      let first = try await run(
        """
        name: kept
        sources:
          system: { dynamical-system: { system: lorenz-63, trajectories: 3, frames: 50, ensembles: 1 } }
        sinks:
          store: { from: system, zarr: { path: numbers.zarr, chunk: 16 } }
          log: { from: system, jsonl: log.jsonl }
        """, in: folder)
      let again = folder.appending(path: "again")
      try FileManager.default.createDirectory(at: again, withIntermediateDirectories: true)
      let second = try await run(
        """
        name: again
        sources:
          numbers: { replay-observables: { path: \(first.file("numbers.zarr").path), columns: "x, y, z" } }
        sinks:
          log: { from: numbers, jsonl: log.jsonl }
        """, in: again)
      let (before, after) = (try objects(first.file("log.jsonl")), try objects(second.file("log.jsonl")))
      #expect(before.count == 150 && after.count == 150)
      for (a, b) in zip(before, after) {
        for key in ["trajectory", "frame", "time", "x", "y", "z"] { #expect(a[key] as? Double == b[key] as? Double) }
      }
    }
  }

  @Test(
    "A store of observables is opened by zarr-python",
    .enabled(if: Places.hasPython, "tools/test makes the environment"))
  func keptForOthers() async throws {
    try await withTemporaryDirectory { folder in
      let first = try await run(
        """
        name: kept
        sources:
          system: { dynamical-system: { system: lorenz-63, trajectories: 3, frames: 50, ensembles: 1 } }
        sinks:
          store: { from: system, zarr: { path: numbers.zarr, chunk: 16 } }
        """, in: folder)
      let script = """
        import sys, zarr
        store = zarr.open_group(sys.argv[1], mode="r")
        assert store["x"].shape == (3, 50) and store["z"][:].min() > 0 and list(store["length"][:]) == [50, 50, 50]
        print("agrees")
        """
      let checked = try runPython(script, [first.file("numbers.zarr").path])
      #expect(checked.output.contains("agrees"), "\(checked.output)")
    }
  }

  @Test("Observables of the lattice are computed on the way, and the energy of each trajectory stays")
  func observe() async throws {
    try await withTemporaryDirectory { folder in
      let directory = try await run(
        """
        name: observed
        seed: 4
        sources:
          lattice:
            holstein: { sites: 8, trajectories: 2, frames: 12, ensembles: 1, integrator: blanes-moan-6, dt: 0.1, every: 8,
              disorder: 0.4, temperature: 0.1, noise: 0.1 }
        stages:
          numbers: { from: lattice, observe: "energy, purity, deltaRho, bondOrder" }
        sinks:
          log: { from: numbers, jsonl: log.jsonl }
        """, in: folder)
      let lines = try objects(directory.file("log.jsonl"))
      #expect(lines.count == 24)
      for trajectory in 0..<2 {
        let own = lines.filter { $0["trajectory"] as? Int == trajectory }
        let energies = own.map { $0["energy"] as! Double }
        #expect(energies.max()! - energies.min()! < 1e-6)
        let purities = own.map { $0["purity"] as! Double }
        #expect(purities.max()! - purities.min()! < 1e-12 && purities[0] < 3.99, "a thermal state is mixed")
        let orders = own.map { $0["deltaRho"] as! Double }
        #expect(orders.max()! - orders.min()! > 1e-3)
      }
      #expect(!FileManager.default.fileExists(atPath: directory.file("refused-lattice.jsonl").path))
    }
  }

  @Test("A ramp does work, and no frame is refused for it")
  func ramp() async throws {
    try await withTemporaryDirectory { folder in
      let directory = try await run(
        """
        name: ramped
        sources:
          lattice:
            holstein:
              { sites: 8, trajectories: 2, frames: 20, ensembles: 1, every: 100, schedule: { shape: ramp, to: 1.6, duration: 10 } }
        stages:
          numbers: { from: lattice, observe: energy }
        sinks:
          log: { from: numbers, jsonl: log.jsonl }
        """, in: folder)
      let energies = try objects(directory.file("log.jsonl")).map { $0["energy"] as! Double }
      #expect(energies.count == 40 && energies.max()! - energies.min()! > 1e-2)
    }
  }

  @Test("What is wrong with an observable or a schedule is said with its place and a suggestion")
  func mistakes() {
    func message(_ yaml: String) -> String {
      do {
        _ = try PipelineDescription(text: yaml)
        return ""
      } catch { return "\(error)" }
    }
    let observable = message(
      """
      sources:
        lattice: { holstein: {} }
      stages:
        numbers: { from: lattice, observe: "deltaRo" }
      """)
    #expect(observable.contains("deltaRho") && observable.contains(":4:"), "\(observable)")
    let schedule = message(
      """
      sources:
        lattice: { holstein: { schedule: { shape: ramp, duration: 0 } } }
      """)
    #expect(schedule.contains("duration above 0"), "\(schedule)")
  }

  @Test("A log that another program wrote becomes a climate, and lines that hold no numbers are said")
  func tail() async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "others.csv")
      let rows = (0..<50).map { "\($0 % 2),\(0.1 * Double($0 / 2)),\(sin(0.3 * Double($0))),x" }
      try Data((["trajectory,time,height,comment"] + rows + ["1,2", ""]).joined(separator: "\n").utf8).write(to: file)
      let directory = try await run(
        """
        name: tailed
        sources:
          others: { tail: { path: \(file.path), follow: false } }
        stages:
          climate: { from: others, rolling-climate: { window: 100, lag: 5 } }
        sinks:
          log: { from: others, jsonl: log.jsonl }
          climates: { from: climate, jsonl: climate.jsonl }
        """, in: folder)
      let lines = try objects(directory.file("log.jsonl"))
      #expect(lines.count == 50)
      #expect(lines[3]["trajectory"] as? Int == 1 && lines[3]["frame"] as? Int == 1)
      #expect(lines[3]["time"] as? Double == 0.1 && lines[3]["height"] as? Double == sin(0.3 * 3))
      #expect(try objects(directory.file("climate.jsonl")).last?["seen"] as? Int == 50)
    }
  }

  @Test("A growing file is followed through rotation and truncation", .timeLimit(.minutes(15)))
  func growing() async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "log.jsonl")
      let description = try PipelineDescription(
        text: """
          name: followed
          sources:
            others: { tail: { path: \(file.path), rescan: 10ms, columns: "x" } }
          sinks:
            log: { from: others, jsonl: log.jsonl }
          """)
      let run = try PipelineRun(description, directory: folder.appending(path: "run"), resuming: false)
      let finished = Task { try await run.execute(status: TerminalStatus(isTerminal: false)) }
      // Each part waits until what came before it has arrived: no clock is asked.
      func write(_ values: [Int], to url: URL) throws {
        try Data(values.map { "{\"x\": \($0), \"note\": \"\"}\n" }.joined().utf8).write(to: url)
      }
      func arrival(of count: Int) async throws {
        await wait(for: run.directory.url) { (try? objects(run.directory.file("log.jsonl")).count) ?? 0 >= count }
      }
      try write([1, 2, 3], to: file)
      try await arrival(of: 3)
      let handle = try FileHandle(forWritingTo: file)
      try handle.seekToEnd()
      try handle.write(contentsOf: Data("{\"x\": 4}\nnot json\n{\"x\": null}\n{\"x\"".utf8))
      try await arrival(of: 5)
      try handle.write(contentsOf: Data(": 6}\n".utf8))
      try handle.close()
      try await arrival(of: 6)
      try FileManager.default.moveItem(at: file, to: folder.appending(path: "log.jsonl.1"))
      try write([7], to: file)
      try await arrival(of: 7)
      let truncated = try FileHandle(forWritingTo: file)
      try truncated.truncate(atOffset: 0)
      try await arrivalOfRestart(run)
      try truncated.write(contentsOf: Data("{\"x\": 8}\n".utf8))
      try await arrival(of: 8)
      run.pipeline.graph.stop.request()
      _ = try await finished.value
      let lines = try objects(run.directory.file("log.jsonl"))
      #expect(lines.map { $0["x"] as? Double } == [1, 2, 3, 4, nil, 6, 7, 8])
      #expect(lines.map { $0["frame"] as? Int } == Array(0..<8))
    }
  }

  /// Waits until the second restart was noticed.
  private func arrivalOfRestart(_ run: PipelineRun) async throws {
    var restarts = 0
    for await case .message(let text) in run.events.events() where text.contains("replaced or cut short") {
      restarts += 1
      if restarts == 2 { break }
    }
  }
}
