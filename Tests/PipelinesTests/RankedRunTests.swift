import Foundation
import TestSupport
import Testing

@testable import Learning
@testable import Pipelines

@Suite("Runs that several ranks share", .timeLimit(.minutes(10)), .serialized)
struct RankedRunTests {
  /// The launchers that this machine has.
  static let launchers = ["/usr/bin/mpirun.openmpi", "/usr/bin/mpirun.mpich"].filter {
    FileManager.default.isExecutableFile(atPath: $0)
  }
  static var hasLauncher: Bool { !launchers.isEmpty }

  static let yaml = """
    name: ranks
    seed: 7
    until: train
    held-out-one-in: 4
    sources:
      lorenz: { simulate: { system: lorenz-63, trajectories: 8, frames: 60, dt: 0.01, every: 2 } }
    stages:
      train:
        from: lorenz
        online-trainer:
          model: { family: mlp, width: 8, layers: 1 }
          batch: 11
          window: 8
          reservoir: 64
          warm-up-frames: 200
          frames-per-step: 4
          workers: 1
          curriculum: [{ batches: 30, steps: 1, noise: 1e-3 }, { batches: 20, steps: 3 }]
          checkpoint-every: 10
          validation: { every: 20, windows: 8 }
    sinks:
      store: { from: lorenz, zarr: { path: trajectories.zarr, chunk: 8 } }
      metrics: { from: train, jsonl: metrics.jsonl }
    """

  let holstream: BuiltProgram
  init() throws { holstream = try BuiltProgram() }

  private static func arguments(_ launcher: String, _ count: Int) -> [String] {
    // As root, and on fewer cores than there are ranks.
    launcher.hasSuffix("openmpi")
      ? ["--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-np", "\(count)"] : ["-np", "\(count)"]
  }

  private func write(in folder: URL, _ yaml: String = Self.yaml) throws -> URL {
    let file = folder.appending(path: "ranks.yaml")
    try Data(yaml.utf8).write(to: file)
    return file
  }

  /// Every checkpoint's bytes, and the loss of every step; of a step that was done again after a kill, the last.
  private func outcome(_ folder: URL) throws -> ([String: Data], [Int: Float]) {
    let checkpoints = try Runs.files(folder.appending(path: "checkpoints")).filter { $0.key.hasPrefix("step") }
    let records = try Runs.lines(folder.appending(path: "metrics.jsonl")).map {
      try JSONDecoder().decode(TrainingRecord.self, from: Data($0.utf8))
    }
    return (checkpoints, Dictionary(records.map { ($0.report.step, $0.report.loss.total) }) { $1 })
  }

  @Test(
    "Two, four and eight ranks leave the checkpoints and losses of one process, to the bit",
    .enabled(if: hasLauncher), arguments: launchers)
  func bits(launcher: String) async throws {
    try await withTemporaryDirectory { folder in
      let pipeline = try write(in: folder).path
      let alone = folder.appending(path: "alone")
      let (status, output) = try holstream("run", pipeline, "--no-page", "--directory", alone.path)
      try #require(status == 0, "\(output)")
      let expected = try outcome(alone)
      #expect(expected.0.count == 5 && expected.1.count == 50)
      for count in [2, 4, 8] {
        let shared = folder.appending(path: "\(count)")
        let (status, output) = try run(
          URL(filePath: launcher),
          Self.arguments(launcher, count) + [
            holstream.url.path, "run", pipeline, "--no-page", "--directory", shared.path,
          ])
        try #require(status == 0, "\(count): \(output)")
        #expect(try outcome(shared) == expected)
        #expect(output.contains("\(count) ranks on one machine"))
        // One rank speaks.
        #expect(output.split(separator: "\n").filter { $0.hasPrefix("Running in") }.count == 1, "\(output)")
        let store = try holstream("inspect", "--verify", shared.appending(path: "trajectories.zarr").path)
        #expect(store.status == 0, "\(store.output)")
      }
    }
  }

  @Test(
    "A rank that is killed ends the job, and another number of ranks goes on to the same bits",
    .enabled(if: launchers.first?.hasSuffix("openmpi") == true))
  func killed() async throws {
    try await withTemporaryDirectory { folder in
      let launcher = Self.launchers[0]
      let out = folder.appending(path: "out")
      let log = folder.appending(path: "log")
      let checkpoints = out.appending(path: "checkpoints")
      var (pipeline, last) = (folder, 0)
      // On a busy machine a short run may be over before anybody sees its first checkpoint: then a longer one.
      for batches in [370, 3970, 39_970] {
        try? FileManager.default.removeItem(at: out)
        pipeline = try write(in: folder, Self.yaml.replacing("batches: 20,", with: "batches: \(batches),"))
        last = 30 + batches
        let job = Process()
        job.executableURL = URL(filePath: launcher)
        job.arguments =
          Self.arguments(launcher, 2) + [
            holstream.url.path, "run", pipeline.path, "--no-page", "--directory", out.path,
          ]
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        let handle = try FileHandle(forWritingTo: log)
        (job.standardOutput, job.standardError) = (handle, handle)
        try job.run()
        await wait(for: checkpoints, orEndOf: job) { (try? CheckpointFolder(checkpoints).latest()) ?? nil != nil }
        if job.isRunning, let second = Self.rank(1, of: job.processIdentifier) { Foundation.kill(second, SIGKILL) }
        job.waitUntilExit()
        if job.terminationStatus != 0 { break }
      }
      let words = try String(contentsOf: log, encoding: .utf8)
      #expect(words.contains("rank 1"), "\(words)")
      #expect(try CheckpointFolder(checkpoints).latest()!.file.step < last)

      let alone = folder.appending(path: "alone")
      try #require(
        try holstream("run", pipeline.path, "--no-page", "--directory", alone.path).status == 0)
      let (status, output) = try run(
        URL(filePath: launcher),
        Self.arguments(launcher, 4) + [
          holstream.url.path, "run", pipeline.path, "--no-page", "--directory", out.path, "--resume",
        ])
      try #require(status == 0, "\(output)")
      let digits = "\(last)"
      let name = "step-\(String(repeating: "0", count: 8 - digits.count))\(digits).safetensors"
      let found = try #require(try outcome(out).0[name])
      #expect(try found == outcome(alone).0[name])
      #expect(try outcome(out).1 == outcome(alone).1)
    }
  }

  /// The process of a job with a rank.
  private static func rank(_ rank: Int, of job: Int32) -> Int32? {
    let children = (try? String(contentsOfFile: "/proc/\(job)/task/\(job)/children", encoding: .utf8)) ?? ""
    return children.split(separator: " ").compactMap { Int32($0) }.first { process in
      let environment = (try? Data(contentsOf: URL(filePath: "/proc/\(process)/environ"))) ?? Data()
      return environment.split(separator: 0).contains {
        String(decoding: $0, as: UTF8.self) == "OMPI_COMM_WORLD_RANK=\(rank)"
      }
    }
  }

  @Test("Three ranks are refused, with what to do, and a file that cannot be read ends all", .enabled(if: hasLauncher))
  func refused() async throws {
    try await withTemporaryDirectory { folder in
      let launcher = Self.launchers[0]
      let pipeline = try write(in: folder).path
      func launch(_ count: Int, _ pipeline: String) throws -> (status: Int32, output: String) {
        try run(
          URL(filePath: launcher),
          Self.arguments(launcher, count) + [
            holstream.url.path, "run", pipeline, "--no-page", "--directory", folder.appending(path: "no").path,
          ])
      }
      let three = try launch(3, pipeline)
      #expect(three.status == 64 && three.output.contains("2, 4 or 8 ranks"), "\(three.output)")
      let missing = try launch(2, folder.appending(path: "none.yaml").path)
      #expect(missing.status != 0 && missing.output.contains("none.yaml"), "\(missing.output)")
      #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "no").path))
    }
  }

  @Test("A launcher whose library is not there is named with the remedy; one process alone never asks for it")
  func library() async throws {
    try await withTemporaryDirectory { folder in
      let pipeline = try write(in: folder).path
      func start(_ count: Int) throws -> (status: Int32, output: String) {
        try run(
          URL(filePath: "/usr/bin/env"),
          [
            "OMPI_COMM_WORLD_SIZE=\(count)", "OMPI_COMM_WORLD_RANK=0", "HOLSTREAM_MPI=/nowhere/libmpi.so",
            holstream.url.path, "run", pipeline, "--no-page", "--directory", folder.appending(path: "\(count)").path,
          ])
      }
      let two = try start(2)
      #expect(two.status == 69 && two.output.contains("HOLSTREAM_MPI") && two.output.contains("openmpi-bin"))
      #expect(try start(1).status == 0)
    }
  }
}
