import Disk
import Foundation
import Learning
import Settings
import Streams
import TestSupport
import Testing

@testable import Pipelines
@testable import Transports

@Suite("A sweep")
struct SweepTests {
  @Test("Values are parted by the commas that stand in no bracket and no quote")
  func split() {
    #expect(SweepPlan.split("1,2 , 3") == ["1", "2", "3"])
    #expect(SweepPlan.split("[1, 2],{a: b, c: d}") == ["[1, 2]", "{a: b, c: d}"])
    #expect(SweepPlan.split("\"a,b\",c") == ["\"a,b\"", "c"])
  }

  @Test("Every combination is a run, the last key going round fastest; a key twice or a value left out is refused")
  func plan() throws {
    let plan = try SweepPlan(pipeline: "", over: ["seed=1,2", "a.b[0].c=x,y"])
    #expect(plan.points == [["1", "x"], ["1", "y"], ["2", "x"], ["2", "y"]])
    #expect(plan.overrides(plan.points[1]) == ["seed=1", "a.b.0.c=y"])
    #expect(throws: ConfigurationError.self) { try SweepPlan(pipeline: "", over: ["seed=1,,2"]) }
    #expect(throws: RunError.self) { try SweepPlan(pipeline: "", over: ["seed"]) }
    #expect(throws: ConfigurationError.self) { try SweepPlan(pipeline: "", over: ["seed=1", "seed=2"]) }
  }

  private func pipeline(in folder: URL) throws -> URL {
    let file = folder.appending(path: "small.yaml")
    try SmallPipeline.yaml().write(to: file, atomically: true, encoding: .utf8)
    return file
  }

  @Test(
    "Workers that share the sweep's folder run its runs, with the same bits; one that does not see the folder leaves them"
  )
  func workers() async throws {
    let program = try BuiltProgram().url
    try await withTemporaryDirectory { folder in
      let file = try pipeline(in: folder)
      let sweep = folder.appending(path: "sweep")
      let spool = try SpoolTransport(folder.appending(path: "spool"))
      let job = try SweepJob(
        file, over: ["seed=5,6"], directory: sweep, program: program, workers: spool)
      let quiet = TerminalStatus(isTerminal: false)
      let end = StopSignal()
      async let worker = withCheckedThrowingContinuation { (continuation: CheckedContinuation<String, any Error>) in
        Thread.detachNewThread {
          continuation.resume(
            with: Result {
              try WorkerJob(.sweep, at: spool, name: "w", program: program).run(
                status: quiet, halt: { end.isRequested })
            })
        }
      }
      let result = try await job.run(status: quiet)
      end.request()
      #expect(try await worker.contains("2 pieces"))
      #expect(result.isComplete)
      let alone = folder.appending(path: "alone")
      try await Runs.run(SmallPipeline.yaml(), in: alone, set: ["seed=6"])
      #expect(
        try Data(contentsOf: sweep.appending(path: "2/checkpoints/step-00000012.safetensors"))
          == Data(contentsOf: alone.appending(path: "checkpoints/step-00000012.safetensors")))
      let task = SweepTask(
        pipeline: "", configuration: Fingerprint.of(""), folder: "/", sweep: folder.path, number: 1, plan: "another")
      let desk = SweepDesk(
        access: WorkerAccess(), name: "w", program: program, folder: folder, halt: { false })
      #expect(try desk.reason(against: task.message)?.contains("a disk that is shared") == true)
    }
  }

  @Test("The runs of a sweep are those that holstream run gives, to the bit; what is complete stays when it goes on")
  func runs() async throws {
    let program = try BuiltProgram().url
    try await withTemporaryDirectory { folder in
      let file = try pipeline(in: folder)
      let sweep = folder.appending(path: "sweep")
      func job(resuming: Bool) throws -> SweepJob {
        try SweepJob(
          file, over: ["stages.train.online-trainer.curriculum[1].steps=1,2"], overrides: ["seed=5"], directory: sweep,
          resuming: resuming, atOnce: min(2, SimulateJob.cores), program: program)
      }
      let quiet = TerminalStatus(isTerminal: false)
      let result = try await job(resuming: false).run(status: quiet)
      #expect(result.isComplete)
      let table = result.table()
      #expect(table.contains("steps") && table.contains("12/12") && table.contains("← best"))
      #expect(result.table(width: 60).split(separator: "\n").allSatisfy { $0.count <= 200 })
      let alone = folder.appending(path: "alone")
      try await Runs.run(
        SmallPipeline.yaml(), in: alone, set: ["seed=5", "stages.train.online-trainer.curriculum[1].steps=1"])
      func weights(_ run: URL) throws -> Data {
        try Data(contentsOf: run.appending(path: "checkpoints/step-00000012.safetensors"))
      }
      let first = try weights(sweep.appending(path: "1"))
      #expect(
        try RunRecord(sweep.appending(path: "1")).steps(
          .init(
            node: "train", url: sweep.appending(path: "1/metrics.jsonl"))
        ).map(\.report)
          == RunRecord(alone).steps(
            .init(
              node: "train", url: alone.appending(path: "metrics.jsonl"))
          ).map(\.report))
      #expect(try weights(sweep.appending(path: "2")) != first)
      // The first is gone, the second complete.
      try FileManager.default.removeItem(at: sweep.appending(path: "1"))
      let second = try Runs.files(sweep.appending(path: "2"))
      #expect(try await job(resuming: true).run(status: quiet).isComplete)
      #expect(try Runs.files(sweep.appending(path: "2")) == second)
      #expect(try weights(sweep.appending(path: "1")) == first)
      #expect(throws: RunError.self) { try job(resuming: false) }
      #expect(throws: RunError.self) {
        try SweepJob(file, over: ["seed=1,2"], directory: sweep, resuming: true, program: program)
      }
    }
  }

  @Test("A value that makes no pipeline is refused before anything runs, and a run that fails ends no other")
  func refused() async throws {
    let program = try BuiltProgram().url
    try await withTemporaryDirectory { folder in
      let file = try pipeline(in: folder)
      let sweep = folder.appending(path: "sweep")
      #expect(throws: ConfigurationError.self) {
        try SweepJob(file, over: ["stages.train.online-trainer.batch=4,none"], directory: sweep, program: program)
      }
      #expect(!FileManager.default.fileExists(atPath: sweep.path))
      // The first cannot make its folder's log where there is a folder already.
      try FileManager.default.createDirectory(
        at: sweep.appending(path: "1.log"), withIntermediateDirectories: true)
      let result = try await SweepJob(file, over: ["seed=1,2"], directory: sweep, program: program)
        .run(status: TerminalStatus(isTerminal: false))
      #expect(!result.isComplete)
      #expect(result.table().contains("not begun") && result.table().contains("complete"))
    }
  }
}
