import Disk
import Foundation
import Streams
import Tensors
import TestSupport
import Testing

@testable import Pipelines
@testable import Transports

@Suite("Judges elsewhere")
struct RemoteJudgingTests {
  @Test("An announced address is one request, whatever stands in it, and its token is no argument of a program")
  func oneRequest() async throws {
    let listener = try OneRequestListener()
    try await withTemporaryDirectory { folder in
      let reference = JudgeTask.Reference(
        name: "step-00000001.safetensors", step: 1, path: "/nowhere", bytes: 5,
        sha256: String(repeating: "0", count: 64))
      var announced = reference
      announced.address = "http://127.0.0.1:\(listener.port)/{a,b}[1-9]"
      let access = WorkerAccess(configurations: nil, token: "se\"cret")
      let (file, asked) = (folder.appending(path: "file"), announced)
      async let reason = onThread { access.fetch(asked, to: file) }
      let head = try await onThread { try listener.take(answering: "404 Not Found").head }
      #expect(head.hasPrefix("GET /{a,b}[1-9] ") && head.contains("Authorization: Bearer se\"cret"), "\(head)")
      #expect(try await reason?.contains("could not be fetched") == true)
      #expect(access.fetch(reference, to: file)?.contains("--announce") == true)
    }
  }

  /// A run whose checkpoints are judged by workers on threads of this process.
  private func run(
    _ folder: URL, at transport: any Transport, workers: Int, before: () throws -> Void = {}
  ) async throws -> PipelineRun {
    let run = try PipelineRun(
      PipelineDescription(text: SmallPipeline.yaml()), directory: folder, resuming: false,
      workers: RunWorkers(judges: transport))
    try before()
    let end = StopSignal()
    let done = try await withThrowingTaskGroup(of: String?.self) { group in
      for number in 0..<workers {
        group.addTask {
          try await onThread {
            try WorkerJob(.judge, at: transport, name: "judge-\(number)").run(
              status: TerminalStatus(isTerminal: false), halt: { end.isRequested })
          }
        }
      }
      group.addTask {
        defer { end.request() }
        _ = try await run.execute(status: TerminalStatus(isTerminal: false))
        return nil
      }
      return try await group.reduce(into: [String?]()) { $0.append($1) }.compactMap(\.self)
    }
    #expect(done.count == workers)
    return run
  }

  /// The lines of a run's verdicts without what tells one file from another.
  private func verdicts(_ folder: URL) throws -> [String] {
    try Runs.lines(folder.appending(path: "verdicts.jsonl")).map { $0.replacing(#/"file":\d+/#, with: "") }
  }

  private func outcomes(_ folder: URL) throws -> [String] {
    try Runs.lines(folder.appending(path: "ledger.jsonl")).filter { $0.contains("evaluated") }
      .map { $0.replacing(#/"(at|began)":[0-9.e+]+/#, with: "") }
  }

  @Test("Verdicts of workers are those of the run itself, to the bit and in its order", arguments: ["spool", "nats"])
  func same(kind: String) async throws {
    guard kind == "spool" || NATSBroker.isHere else { return }
    try await withTemporaryDirectory { folder in
      let (here, there) = (folder.appending(path: "here"), folder.appending(path: "there"))
      try await Runs.run(SmallPipeline.yaml(), in: here)
      let transport: any Transport
      if kind == "spool" {
        transport = try SpoolTransport(folder.appending(path: "spool"))
      } else {
        let broker = try await NATSBroker.shared()
        transport = try NATSTransport(broker.url, shown: broker.url, prefix: "j\(UUID().uuidString)")
      }
      let run = try await run(there, at: transport, workers: 2)
      #expect(try verdicts(there) == verdicts(here))
      #expect(try verdicts(there).count == 2)
      #expect(try outcomes(there) == outcomes(here))
      #expect(run.metrics.contains("holstream_worker"), "\(run.metrics)")
      #expect(
        try Fingerprint.of(contentsOf: there.appending(path: "checkpoints/step-00000012.safetensors"))
          == Fingerprint.of(contentsOf: here.appending(path: "checkpoints/step-00000012.safetensors")))
    }
  }

  @Test("A worker that dies with a checkpoint, one that answers nonsense, and answers that come twice change nothing")
  func misfortunes() async throws {
    try await withTemporaryDirectory { folder in
      let (here, there) = (folder.appending(path: "here"), folder.appending(path: "there"))
      try await Runs.run(SmallPipeline.yaml(), in: here)
      let spool = Unlucky(try SpoolTransport(folder.appending(path: "spool")))
      let run = try await run(there, at: spool, workers: 2)
      #expect(try verdicts(there) == verdicts(here))
      #expect(try outcomes(there) == outcomes(here), "each is evaluated once")
      #expect(spool.hasDied && spool.hasLied)
      #expect(Runs.messages(run).contains { $0.contains("asked for again") })
    }
  }

  @Test("A checkpoint that another arithmetic is asked for, another configuration, or a forged one is left to others")
  func refusals() async throws {
    try await withTemporaryDirectory { folder in
      let text = try PipelineDescription(text: SmallPipeline.yaml()).text
      let file = folder.appending(path: "step-00000001.safetensors")
      try Data("weights".utf8).write(to: file)
      var task = JudgeTask(
        stage: "evaluate", pipeline: text, configuration: Fingerprint.of(text), folder: folder.path,
        checkpoint: .init(
          name: file.lastPathComponent, step: 1, path: file.path, bytes: 7,
          sha256: try Fingerprint.of(contentsOf: file)), arithmetic: "x86-64-v9/Other/0.0")
      let copy = folder.appending(path: "copies")
      try FileManager.default.createDirectory(at: copy, withIntermediateDirectories: true)
      let desk = JudgeDesk(WorkerAccess(), name: "w", folder: copy)
      #expect(try desk.reason(against: task.message)?.contains("--arithmetic portable") == true)
      task.arithmetic = Arithmetic.current.id
      #expect(try desk.reason(against: task.message) == nil)
      let strict = JudgeDesk(WorkerAccess(configurations: ["another"]), name: "w", folder: copy)
      #expect(try strict.reason(against: task.message)?.contains("configuration") == true)
      func claim(_ task: JudgeTask) throws -> Claim {
        Claim(id: MessageID("r/1")!, queue: .judge, payload: try task.message, token: "")
      }
      // What was announced, and no checkpoint: that is an answer.
      guard case .answer(let bytes) = try desk.perform(claim(task)) else {
        Issue.record("no answer")
        return
      }
      #expect(try JudgeAnswer.read(bytes, to: task).failure?.kind == .checkpoint)
      // Not what was announced.
      var forged = task
      forged.checkpoint.sha256 = String(repeating: "0", count: 64)
      guard case .refused(let reason) = try desk.perform(claim(forged)) else {
        Issue.record("it was judged")
        return
      }
      #expect(reason.contains("as it was announced"))
      forged = task
      forged.pipeline += "\n"
      #expect(try desk.reason(against: forged.message)?.contains("SHA-256") == true)
      for name in ["../x", "", ".x", "a/b"] {
        forged = task
        forged.checkpoint.name = name
        #expect(try desk.reason(against: forged.message) != nil)
      }
      let message = try task.message
      for index in stride(from: 0, to: message.count, by: 97) {
        _ = desk.reason(against: Array(message[..<index]))
      }
      #expect(desk.reason(against: []) != nil && desk.reason(against: [0xff, 0xfe]) != nil)
      #expect(try FileManager.default.contentsOfDirectory(atPath: copy.path).isEmpty)
    }
  }

  @Test("A log's truth is only here: judges elsewhere are refused with the reason")
  func log() async throws {
    try await withTemporaryDirectory { folder in
      let data = folder.appending(path: "log.csv")
      try Data("time,a\n0,1\n1,2\n".utf8).write(to: data)
      let yaml = """
        name: log
        sources:
          log: { tail: { path: \(data.path) } }
          checkpoints: { checkpoint-watch: {} }
        stages:
          states: { from: log, states: { columns: a } }
          evaluate: { from: checkpoints, verdict: { truth: states, horizon: 5 } }
        """
      let spool = try SpoolTransport(folder.appending(path: "spool"))
      let error = #expect(throws: RunError.self) {
        try PipelineRun(
          PipelineDescription(text: yaml), directory: folder.appending(path: "run"), resuming: false,
          workers: RunWorkers(judges: spool))
      }
      #expect(error?.message.contains("leave --judges out") == true, "\(error?.message ?? "")")
    }
  }
}

/// The first holder of a piece dies with it; the first answer is nonsense; every other is posted twice.
private final class Unlucky: Transport {
  private let spool: SpoolTransport
  private let state = Locked()
  init(_ spool: SpoolTransport) { self.spool = spool }

  private final class Locked: @unchecked Sendable {
    private let lock = NSLock()
    private var died = false
    private var lied = false
    func die() -> Bool {
      lock.withLock {
        defer { died = true }
        return !died
      }
    }
    func lie() -> Bool {
      lock.withLock {
        defer { lied = true }
        return !lied
      }
    }
    var hasDied: Bool { lock.withLock { died } }
    var hasLied: Bool { lock.withLock { lied } }
  }
  var hasDied: Bool { state.hasDied }
  var hasLied: Bool { state.hasLied }

  var address: String { spool.address }
  var lease: Duration { spool.lease }
  func offer(_ id: MessageID, _ payload: [UInt8], on queue: WorkQueue) throws(TransportError) {
    try spool.offer(id, payload, on: queue)
  }
  func withdraw(_ id: MessageID, from queue: WorkQueue) throws(TransportError) { try spool.withdraw(id, from: queue) }
  func offered(on queue: WorkQueue) throws(TransportError) -> Set<MessageID> { try spool.offered(on: queue) }
  func claim(
    on queue: WorkQueue, by worker: String, choosing: (MessageID, [UInt8]) -> Bool
  ) throws(TransportError) -> Claim? {
    if let claim = try spool.claim(on: queue, by: worker, choosing: choosing) {
      guard state.die() else { return claim }
      spool.expire(claim)
    }
    return nil
  }
  func renew(_ claim: inout Claim) throws(TransportError) -> Bool { try spool.renew(&claim) }
  func release(_ claim: Claim) throws(TransportError) { try spool.release(claim) }
  func finish(_ claim: Claim) throws(TransportError) { try spool.finish(claim) }
  func post(_ id: MessageID, _ message: [UInt8], to queue: WorkQueue) throws(TransportError) -> Bool {
    if state.lie() { return try spool.post(id, Array("{}".utf8), to: queue) }
    _ = try spool.post(id, message, to: queue)
    return try spool.post(id, message, to: queue)
  }
  func posted(to queue: WorkQueue) throws(TransportError) -> Set<MessageID> { try spool.posted(to: queue) }
  func read(_ id: MessageID, from queue: WorkQueue) throws(TransportError) -> [UInt8]? {
    try spool.read(id, from: queue)
  }
  func discard(_ id: MessageID, from queue: WorkQueue) throws(TransportError) { try spool.discard(id, from: queue) }
  func note(_ name: MessageID, _ message: [UInt8], on queue: WorkQueue) throws(TransportError) {
    try spool.note(name, message, on: queue)
  }
  func notes(on queue: WorkQueue) throws(TransportError) -> [Note] { try spool.notes(on: queue) }
  func erase(_ name: MessageID, on queue: WorkQueue) throws(TransportError) { try spool.erase(name, on: queue) }
}
