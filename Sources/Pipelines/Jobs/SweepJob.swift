internal import Disk
public import Foundation
internal import Settings
internal import Streams
internal import Synchronization
public import Transports

/// `holstream sweep`: a pipeline run once for every combination of some keys' values.
///
/// Each run is a process of its own, with the bits that `holstream run` with the same keys gives: what ends one ends no
/// other. The sweep's folder has the runs by their numbers, what each said (`1.log`), and `sweep.json` with the plan.
public struct SweepJob: Sendable {
  private let file: URL
  private let overrides: [String]
  private let plan: SweepPlan
  private let points: [PipelineDescription]
  private let folder: URL
  private let isResuming: Bool
  private let atOnce: Int
  private let program: URL
  private let workers: (any Transport)?

  /// Checks every run of the sweep before the first begins.
  /// - Parameters:
  ///   - over: `path=a,b,c`, one a key.
  ///   - overrides: Of all runs.
  ///   - directory: The sweep's folder; the next `<runs of the pipeline>-sweep-<number>` when nil.
  ///   - resuming: Go on with what is in the folder: complete runs stay, others go on.
  ///   - atOnce: Runs that go on side by side.
  ///   - program: What runs a pipeline, as `holstream run` does.
  ///   - workers: Where runs are offered to workers that share the sweep's folder; nil to run them here.
  /// - Throws: `ConfigurationError` with the values that make a pipeline that cannot be run; `RunError`.
  public init(
    _ file: URL, over: [String], overrides: [String] = [], directory: URL? = nil, resuming: Bool = false,
    atOnce: Int = 1,
    program: URL, workers: (any Transport)? = nil
  ) throws {
    self.workers = workers
    self.file = file
    self.program = program
    self.overrides = overrides
    guard (1...SimulateJob.cores).contains(atOnce) else {
      throw RunError(
        .usage, "--at-once must be from 1 to the \(SimulateJob.cores) cores of this machine, got \(atOnce)")
    }
    self.atOnce = atOnce
    let base = try PipelineDescription(contentsOf: file, overrides: overrides)
    let plan = try SweepPlan(pipeline: base.text, over: over)
    self.plan = plan
    points = try plan.points.map {
      try PipelineDescription(contentsOf: file, overrides: overrides + plan.overrides($0))
    }
    isResuming = resuming
    if let directory {
      folder = directory
    } else {
      guard !resuming else { throw RunError(.usage, "--resume needs --directory, the folder of the sweep") }
      folder = Self.next(base.directory)
    }
    let known = folder.appending(path: SweepPlan.fileName)
    let earlier = try? Data(contentsOf: known)
    if resuming {
      guard let earlier else {
        throw RunError(.nothingToResume, "there is no sweep in \(RunDirectory.shown(folder)); leave --resume out")
      }
      guard let before = try? JSONDecoder().decode(SweepPlan.self, from: earlier), before == plan else {
        throw RunError(
          .badInput,
          "the sweep in \(RunDirectory.shown(folder)) is of another pipeline or other values; give the same, or another "
            + "--directory")
      }
    } else if earlier != nil {
      throw RunError(
        .usage,
        "\(RunDirectory.shown(folder)) holds a sweep already; add --resume to go on, or choose another --directory")
    }
  }

  /// The sweep's folder, as people type it.
  public var shown: String { RunDirectory.shown(folder) }

  private static func next(_ parent: String) -> URL {
    var number = 1
    while FileManager.default.fileExists(atPath: "\(parent)-sweep-\(number)") { number += 1 }
    return URL(filePath: "\(parent)-sweep-\(number)", directoryHint: .isDirectory)
  }

  /// Runs them all, and tells of each as it ends. A run that fails does not end the sweep.
  /// - Throws: `RunError.interrupted` when it was stopped; what the folder throws that cannot be written.
  public func run(status: TerminalStatus = TerminalStatus()) async throws -> SweepResult {
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw RunError(.unwritable, "cannot make \(shown): \(error.localizedDescription)")
    }
    try WholeFile.replace(
      folder.appending(path: SweepPlan.fileName).path, with: RunState.text(plan), durability: .complete)
    if let workers { return try await give(to: workers, status) }
    status.print("\(points.count) runs in \(shown), \(atOnce == 1 ? "one after the other" : "\(atOnce) at once")")
    let turn = Turn()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<atOnce {
        group.addTask {
          while !Interruption.isRequested {
            let index = turn.take()
            guard index < points.count else { return }
            await perform(index, status)
          }
        }
      }
    }
    let result = SweepResult(plan, folder)
    if Interruption.isRequested {
      throw RunError(
        .interrupted, "\(result.table())\nStopped cleanly. To go on, add: --directory \(shown) --resume")
    }
    return result
  }

  /// Offers every run that is not complete, and waits for the workers.
  private func give(to transport: any Transport, _ status: TerminalStatus) async throws -> SweepResult {
    status.print("\(points.count) runs in \(shown), for workers at \(transport.address)")
    let events = EventHub()
    let place = "\(ProcessInfo.processInfo.hostName):\(folder.standardizedFileURL.path)"
    let board = WorkBoard(
      transport, .sweep, scope: MessageID(words: String(Fingerprint.of(place).prefix(12))), events: events,
      roster: WorkerRoster())
    let (ends, end) = AsyncStream<Int>.makeStream()
    var remaining: Set<Int> = []
    let planned = try Fingerprint.of(contentsOf: folder.appending(path: SweepPlan.fileName))
    for (index, point) in points.enumerated() {
      let number = index + 1
      let words = plan.overrides(plan.points[index]).joined(separator: " ")
      let directory = RunDirectory(folder.appending(path: "\(number)", directoryHint: .isDirectory))
      if (try? RunState(of: directory))?.phase == .complete {
        status.print("  \(number) of \(points.count)  \(words): complete already")
        continue
      }
      let task = SweepTask(
        pipeline: point.text, configuration: Fingerprint.of(point.text),
        folder: FileManager.default.currentDirectoryPath, sweep: folder.standardizedFileURL.path, number: number,
        plan: planned)
      remaining.insert(number)
      board.offer(MessageID(words: board.scope.text, "\(number)"), try task.message) { message in
        let answer = try SweepAnswer.read(message, to: task)
        let how = answer.code == 0 ? "" : " ended with \(answer.code); \(number).log says why"
        status.print("  \(number) of \(points.count)  \(words): \(answer.worker)\(how)")
        end.yield(number)
      }
    }
    let messages = events.events()
    let telling = Task { for await case .message(let words) in messages { status.print(words) } }
    Interruption.signal.onRequest { end.finish() }
    board.begin()
    if remaining.isEmpty { end.finish() }
    for await number in ends {
      remaining.remove(number)
      if remaining.isEmpty { break }
    }
    board.end()
    telling.cancel()
    let result = SweepResult(plan, folder)
    if Interruption.isRequested {
      throw RunError(
        .interrupted,
        "\(result.table())\nNothing more is offered; workers finish what they hold. To go on, add: --directory \(shown) --resume"
      )
    }
    return result
  }

  /// Whose turn it is, for those that go on side by side.
  private final class Turn: Sendable {
    private let next = Mutex(0)

    func take() -> Int {
      next.withLock { next in
        defer { next += 1 }
        return next
      }
    }
  }

  private func perform(_ index: Int, _ status: TerminalStatus) async {
    let number = index + 1
    let directory = RunDirectory(folder.appending(path: "\(number)", directoryHint: .isDirectory))
    let exists = FileManager.default.fileExists(atPath: directory.file("pipeline.yaml").path)
    let words = plan.overrides(plan.points[index]).joined(separator: " ")
    if exists, (try? RunState(of: directory))?.phase == .complete {
      return status.print("  \(number) of \(points.count)  \(words): complete already")
    }
    status.print("  \(number) of \(points.count)  \(words)")
    let log = folder.appending(path: "\(number).log")
    let sets = overrides + plan.overrides(plan.points[index]) + sharedCores(points[index])
    let code = await SweepProcess(
      program,
      ["run", file.path, "--no-page", "--directory", directory.url.path] + (exists ? ["--resume"] : [])
        + sets.flatMap { ["--set", $0] }, log: log
    ).run()
    if let code, code != 0, !Interruption.isRequested {
      status.print("  \(number) ended with \(code); \(RunDirectory.shown(log)) says why")
    } else if code == nil {
      status.print("  \(number) could not be started: \(program.path)")
    }
  }

  /// The cores that each of several trainers at once may use; no number depends on how many they are. What the file says
  /// itself stays.
  private func sharedCores(_ description: PipelineDescription) -> [String] {
    guard atOnce > 1 else { return [] }
    let said = Set(description.values.map(\.path))
    return description.nodes.compactMap { node in
      guard node.component is any Training else { return nil }
      let path = "\(node.role.rawValue).\(node.id).\(type(of: node.component).word).workers"
      return said.contains(path) ? nil : "\(path)=\(max(1, SimulateJob.cores / atOnce))"
    }
  }
}
