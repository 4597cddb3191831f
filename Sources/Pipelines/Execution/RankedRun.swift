internal import Foundation
internal import Learning
internal import MPI
internal import Synchronization
internal import Tensors
internal import Trajectories

/// A run that several ranks of an MPI job share: `mpirun -np 4 holstream run PIPELINE`.
///
/// The first rank runs the pipeline as a process alone would, and is the only one that reads or writes a run's folder and
/// that says anything. The others compute what it tells them: their shards of every batch, and their part of the simulated
/// trajectories.
public final class RankedRun: Sendable {
  private let world: MPIWorld
  let group: RankGroup
  let frames: SharedFrames
  private struct State {
    /// Whether the others wait for orders.
    var isGoing = false
    var isOver = false
  }
  private let state = Mutex(State())

  private init(_ world: MPIWorld) {
    self.world = world
    group = RankGroup(world)
    frames = SharedFrames(group)
  }

  /// Joins the other ranks where a launcher has started several; a process alone never touches MPI.
  /// - Returns: Nil for a process alone.
  /// - Throws: `RunError` on the first rank where MPI cannot be used; other ranks end without a word.
  public static func join() throws -> RankedRun? {
    guard let launch = MPILaunch() else { return nil }
    let world: MPIWorld
    do { world = try MPIWorld(launch) } catch {
      guard launch.rank == 0 else { exit(ExitStatus.missing.rawValue) }
      throw RunError(.missing, "\(error)")
    }
    let ranks = RankedRun(world)
    guard world.count.nonzeroBitCount == 1, world.count <= RankGroup.most else {
      try? world.leave()
      guard ranks.leads else { exit(0) }
      throw RunError(
        .usage,
        "a batch is summed in a tree of \(RankGroup.most) shards, which 2, 4 or \(RankGroup.most) ranks can share, not "
          + "\(world.count); give each rank more cores instead (`workers:`)")
    }
    return ranks
  }

  /// Whether this is the rank that runs the pipeline.
  public var leads: Bool { world.rank == 0 }

  // MARK: The beginning

  /// What a rank says of itself before anything is computed.
  private struct Greeting: Codable {
    static let size = 2048
    var host = ProcessInfo.processInfo.hostName
    var arithmetic = Arithmetic.current.id
    var cores = ProcessInfo.processInfo.activeProcessorCount
    var configuration = ""
    /// Why it cannot take part.
    var problem: String?

    var bytes: [UInt8] {
      get throws {
        let text = try JSONEncoder().encode(self)
        return Array(text.prefix(Self.size)) + [UInt8](repeating: 0x20, count: max(0, Self.size - text.count))
      }
    }
  }

  /// Hears that all ranks would compute the same, on the first one.
  /// - Returns: What the user should know.
  /// - Throws: `RunError` naming a rank that cannot take part, and why.
  public func begin(_ description: PipelineDescription) throws -> [String] {
    let trainers = description.nodes.filter { $0.component is OnlineTrainerStage }
    if trainers.count > 1 {
      throw RunError(
        .usage,
        "\(trainers.map(\.id).joined(separator: " and ")) would learn at once, and ranks can share one training; run them "
          + "one after the other, or without mpirun")
    }
    var others: [Greeting] = []
    for peer in 1..<group.count {
      var bytes = [UInt8](repeating: 0, count: Greeting.size)
      try bytes.withUnsafeMutableBytes { try world.exchange([RankTransfer(peer, receives: $0)], on: .commands) }
      others.append(try JSONDecoder().decode(Greeting.self, from: Data(bytes)))
    }
    let own = Greeting()
    for (rank, other) in zip(1..., others) {
      let who = "rank \(rank) on \(other.host)"
      if let problem = other.problem { throw RunError(.badInput, "\(who): \(problem)") }
      guard other.arithmetic == own.arithmetic else {
        throw RunError(
          .badInput,
          "\(who) computes with \(other.arithmetic), this one with \(own.arithmetic), so that their sums would have bits of "
            + "no run alone; take machines of one kind, or add --arithmetic portable")
      }
      guard other.configuration == description.fingerprint else {
        throw RunError(.badInput, "\(who) has read another pipeline file; give all ranks the same file and options")
      }
    }
    try tellGo(1)
    state.withLock { $0.isGoing = true }
    let machines = Set(([own] + others).map(\.host)).count
    var words = [
      "\(group.count) ranks on \(machines == 1 ? "one machine" : "\(machines) machines") (\(world.version)) share each batch "
        + "and the simulation; the bits are those of one."
    ]
    if let trainer = trainers.first?.component as? OnlineTrainerStage {
      let workers = trainer.settings.trainer.workers
      let least = ([own] + others).enumerated().min { $0.element.cores < $1.element.cores }!
      if least.element.cores < workers {
        words.append(
          "Rank \(least.offset) may use \(least.element.cores) of its machine's cores, and `workers` is \(workers): the "
            + "launcher binds it. mpirun --bind-to none (MPICH: -bind-to none) leaves it all.")
      }
      if ModelCatalogue.takesEachWindowOnce(trainer.settings.trainer.model.family) {
        words.append(
          "\(trainer.settings.trainer.model.family.rawValue) is fitted in closed form, by the first rank alone.")
      }
    }
    return words
  }

  private func tellGo(_ code: Int64) throws {
    let code = [code]
    try code.withUnsafeBytes { code in
      try world.exchange((1..<group.count).map { RankTransfer($0, sends: code) }, on: .commands)
    }
  }

  // MARK: Every other rank

  /// Computes what the first rank says, to the end of the run; never returns.
  /// - Parameter description: Reads the pipeline.
  public func follow(_ description: @Sendable () throws -> PipelineDescription) async -> Never {
    var greeting = Greeting()
    var known: PipelineDescription?
    do {
      known = try description()
      greeting.configuration = known!.fingerprint
    } catch { greeting.problem = String("\(error)".prefix(300)) }
    let (hello, pipeline) = (greeting, known)
    await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in
      // On threads of their own: they wait, and compute for seconds.
      Thread.detachNewThread { [self] in
        do {
          try hello.bytes.withUnsafeBytes { try world.exchange([RankTransfer(0, sends: $0)], on: .commands) }
          var code: [Int64] = [0]
          try code.withUnsafeMutableBytes { try world.exchange([RankTransfer(0, receives: $0)], on: .commands) }
          if code[0] == 1, let pipeline {
            let simulator = Thread { [self] in
              do {
                try FollowingSimulator(ranks: group) { place in
                  guard pipeline.nodes.indices.contains(place),
                    let source = pipeline.nodes[place].component as? any Simulating
                  else { throw PeerFrames.damaged }
                  return (source.simulation.trajectories, source.simulation.workers)
                }.run()
              } catch { world.giveUp("\(error)", code: Self.code(of: error)) }
              state.withLock { $0.isOver = true }
            }
            simulator.stackSize = 8 << 20
            simulator.start()
            var trainer = FollowingTrainer(group)
            try trainer.run()
            while !state.withLock({ $0.isOver }) { usleep(1000) }
          }
          try world.leave()
          exit(0)
        } catch { world.giveUp("\(error)", code: Self.code(of: error)) }
      }
    }
    exit(0)
  }

  private static func code(of error: any Error) -> Int32 { (ExitStatus(for: error) ?? .badInput).rawValue }

  /// Asks the first rank for a clean stop; on any other.
  public func askForStop() { world.askForStop() }

  // MARK: The end

  /// Looks, now and then, whether another rank asks for the end or has failed; on the first rank, as long as it runs.
  public func watch(stop: @escaping @Sendable () -> Void) {
    let thread = Thread { [self] in
      while !state.withLock({ $0.isOver }) {
        do { try world.listen() } catch { return stop() }
        if world.isStopAsked {
          stop()
          // Once is enough; failures are heard in every wait.
          return
        }
        usleep(200_000)
      }
    }
    thread.start()
  }

  /// From now on a rank that does not answer for a minute is taken for lost.
  public func isStopping() { world.endWaits(after: .seconds(60)) }

  /// Why the run cannot go on, where another rank is the reason.
  public var failure: (any Error)? {
    do { try world.listen() } catch { return error }
    return nil
  }

  /// Lets the others go, when the first rank has done everything. What has failed is ended at once.
  /// - Parameter code: What the first rank will exit with.
  public func end(_ code: Int32) {
    state.withLock { $0.isOver = true }
    do {
      if world.isBroken { world.abort(code == 0 ? ExitStatus.missing.rawValue : code) }
      world.endWaits(after: .seconds(60))
      if state.withLock({ $0.isGoing }) {
        try frames.end()
        try FollowingTrainer.end(group)
      } else {
        try tellGo(0)
      }
      try world.leave()
    } catch { world.abort(code == 0 ? ExitStatus.missing.rawValue : code) }
  }
}
