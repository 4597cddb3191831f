import Disk
import Foundation
import Streams
import Systems
import Tensors
import TestSupport
import Testing
import Trajectories

@testable import Pipelines
@testable import Transports

@Suite("Simulators elsewhere")
struct RemoteSimulatorsTests {
  /// The files of a run's store, and its last checkpoint, by their SHA-256.
  private func digests(_ run: URL) throws -> [String: String] {
    var digests: [String: String] = [:]
    for (name, data) in try Runs.files(run.appending(path: "trajectories.zarr")) where !name.contains(".lock") {
      digests[name] = Fingerprint.of(data)
    }
    digests["checkpoint"] = try Fingerprint.of(
      contentsOf: run.appending(path: "checkpoints/step-00000012.safetensors"))
    return digests
  }

  private let yaml = SmallPipeline.yaml(ensembles: ", ensembles: 3").replacing("until: train", with: "until: lorenz")

  @Test("Store and checkpoints are those of the run that simulates itself, to the bit", arguments: ["spool", "nats"])
  func same(kind: String) async throws {
    guard kind == "spool" || NATSBroker.isHere else { return }
    try await withTemporaryDirectory { folder in
      let (here, there) = (folder.appending(path: "here"), folder.appending(path: "there"))
      try await Runs.run(yaml, in: here)
      let transport: any Transport
      if kind == "spool" {
        transport = try SpoolTransport(folder.appending(path: "spool"))
      } else {
        let broker = try await NATSBroker.shared()
        transport = try NATSTransport(broker.url, shown: broker.url, prefix: "s\(UUID().uuidString)")
      }
      let run = try PipelineRun(
        PipelineDescription(text: yaml), directory: there, resuming: false,
        workers: RunWorkers(simulators: transport))
      let end = StopSignal()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<2 {
          group.addTask {
            _ = try await onThread {
              try WorkerJob(.simulate, at: transport, name: "simulator-\(number)").run(
                status: TerminalStatus(isTerminal: false), halt: { end.isRequested })
            }
          }
        }
        group.addTask {
          defer { end.request() }
          _ = try await run.execute(status: TerminalStatus(isTerminal: false))
        }
        try await group.waitForAll()
      }
      let (mine, theirs) = (try digests(here), try digests(there))
      #expect(mine.count > 3 && mine == theirs)
    }
  }

  @Test("Blocks are read as they were made, and nothing else is read as a block")
  func blocks() throws {
    let layout = StateLayout([Field("x", shape: [2], axes: ["site"])])
    let state = State(layout, [1.5, -.infinity])
    let frames = (0..<2).map { round in
      (4..<6).map { trajectory in
        Frame(
          trajectory: trajectory, index: 3 + round, time: 0.1 * Double(round), state: state,
          mid: round == 0 ? nil : State(layout, [.leastNonzeroMagnitude, 2]), tendency: trajectory == 5 ? state : nil)
      }
    }
    let head = PostedFrames.Head(
      configuration: "c", arithmetic: "a", ensemble: 2, first: 3, rounds: 2, trajectories: 4..<6, numbers: 2,
      notices: [[], ["slow"]])
    let bytes = try PostedFrames(head, frames).message
    var expected = head
    (expected.rounds, expected.notices) = (0, [])
    let read = try PostedFrames(bytes, layout: layout, expected: expected, most: 2)
    #expect(read.frames == frames && read.head == head)
    #expect(throws: WorkError.self) { try PostedFrames(bytes, layout: layout, expected: expected, most: 1) }
    for count in bytes.indices {
      #expect(throws: WorkError.self) {
        try PostedFrames(Array(bytes[..<count]), layout: layout, expected: expected, most: 2)
      }
    }
    #expect(throws: WorkError.self) { try PostedFrames(bytes + [0], layout: layout, expected: expected, most: 2) }
    expected.arithmetic = "b"
    #expect(throws: WorkError.self) { try PostedFrames(bytes, layout: layout, expected: expected, most: 2) }
  }

  @Test("A worker of another arithmetic does not take an ensemble, and says why")
  func arithmetic() async throws {
    try await withTemporaryDirectory { folder in
      let text = try PipelineDescription(text: yaml).text
      var task = SimulateTask(
        node: "lorenz", pipeline: text, configuration: Fingerprint.of(text), ensemble: 0, first: 0, window: 100,
        arithmetic: "x86-64-v9/Other/0.0")
      let desk = SimulateDesk(
        access: WorkerAccess(), transport: try SpoolTransport(folder), cores: 1, halt: { false })
      #expect(try desk.reason(against: task.message)?.contains("--arithmetic portable") == true)
      task.arithmetic = Arithmetic.current.id
      #expect(try desk.reason(against: task.message) == nil)
      task.window = -1
      #expect(try desk.reason(against: task.message) != nil)
    }
  }
}
