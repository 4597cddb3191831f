internal import Disk
public import Foundation
internal import Streams
internal import Tensors
public import Transports

/// `holstream worker`: does work that runs on other machines, or other processes of this one, have to give away.
public struct WorkerJob: Sendable {
  private let transport: any Transport
  private let queue: WorkQueue
  private let access: WorkerAccess
  private let name: String
  private let most: Int?
  private let idle: Duration?
  private let cores: Int
  private let program: URL

  /// - Parameters:
  ///   - name: Under which runs see it; host and process when nil.
  ///   - pipeline: The only pipeline file that it works for, overrides applied; any when nil.
  ///   - token: What trainers' pages ask for.
  ///   - most: Ends after so many pieces of work; nil for never.
  ///   - idle: Ends when there was nothing to do for so long; nil for never.
  ///   - cores: That a simulation may use.
  ///   - program: What runs a pipeline, as `holstream run` does.
  public init(
    _ queue: WorkQueue, at transport: any Transport, name: String? = nil, pipeline: PipelineDescription? = nil,
    token: String? = nil, most: Int? = nil, idle: Duration? = nil, cores: Int = 1,
    program: URL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
  ) {
    self.program = program
    self.cores = cores
    self.transport = transport
    self.queue = queue
    access = WorkerAccess(configurations: pipeline.map { [Fingerprint.of($0.text)] }, token: token)
    self.name = name ?? "\(ProcessInfo.processInfo.hostName)-\(getpid())"
    self.most = most
    self.idle = idle
  }

  /// Works until it is stopped, has done what it was asked for, or was idle for as long as it may be.
  /// - Returns: A sentence.
  /// - Throws: `TransportError` for an address that cannot be used.
  public func run(
    status: TerminalStatus = TerminalStatus(), halt: @escaping @Sendable () -> Bool = { Interruption.isRequested }
  ) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "holstream-worker-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let worker = Worker(
      transport: transport, queue: queue, name: name, most: most, idle: idle, halt: halt, tell: { status.print($0) })
    status.print("\(name) waits for work at \(transport.address) (\(Arithmetic.current.id))")
    let done: Int
    switch queue {
    case .judge:
      let desk = JudgeDesk(access, name: name, folder: folder)
      done = try worker.run(choosing: { _, payload in desk.reason(against: payload) }) { claim, _ in
        let begin = ContinuousClock.now
        let outcome = try desk.perform(claim)
        if case .answer = outcome {
          status.print(
            "  \(claim.id) judged in \(String(format: "%.1f", (ContinuousClock.now - begin) / .seconds(1))) s")
        }
        return outcome
      }
    case .simulate:
      let desk = SimulateDesk(access: access, transport: transport, cores: cores, halt: halt)
      done = try worker.run(choosing: { _, payload in desk.reason(against: payload) }) { claim, held in
        let begin = ContinuousClock.now
        let outcome = try desk.perform(claim, held)
        if case .posted = outcome {
          status.print(
            "  \(claim.id) simulated in \(String(format: "%.1f", (ContinuousClock.now - begin) / .seconds(1))) s")
        }
        return outcome
      }
    case .sweep:
      let desk = SweepDesk(access: access, name: name, program: program, folder: folder, halt: halt)
      done = try worker.run(choosing: { _, payload in desk.reason(against: payload) }) { claim, held in
        status.print("  \(claim.id) begins")
        return try desk.perform(claim, held)
      }
    }
    return "\(name) has done \(done) \(done == 1 ? "piece" : "pieces") of work."
  }
}
