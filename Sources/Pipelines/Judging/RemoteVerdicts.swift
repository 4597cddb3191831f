internal import Disk
internal import Foundation
internal import Streams
internal import Tensors
internal import Transports

/// Checkpoints that are judged by workers elsewhere. Several are out at once; verdicts come to the run's logs and ledger in the
/// order of their checkpoints, as if they had been given here one after the other.
struct RemoteVerdicts: Sendable {
  private let node: String
  private let board: WorkBoard
  private let description: PipelineDescription
  private let page: String?
  private let events: EventHub
  private let halt: StopSignal
  /// Checkpoints that are out at once; as many files are kept from being retired.
  private let most: Int

  static let window = 32

  /// Nil where checkpoints are judged in this process.
  /// - Throws: `RunError` where the truth is one that only this process has.
  init?(_ settings: VerdictSettings, node: PipelineDescription.Node, in assembly: PipelineAssembly) throws {
    guard let transport = assembly.workers.judges else { return nil }
    if let reason = assembly.description.comingOnce(settings.truth, in: assembly.directory) {
      throw RunError(
        .usage,
        "\(node.id): its truth is \(reason). Only this process has it: leave --judges out, and checkpoints are judged here"
      )
    }
    self.node = node.id
    board = WorkBoard(
      transport, .judge, scope: RunWorkers.scope(of: assembly.directory), events: assembly.events,
      roster: assembly.roster)
    description = assembly.description
    page = assembly.workers.page
    events = assembly.events
    halt = assembly.graph.halt
    // Of the newest alone there is one at a time, or it would not be the newest when its turn comes.
    most = settings.policy == .latestOnly || node.delivery == .latest ? 1 : Self.window
  }

  private enum Event: Sendable {
    case landed(CheckpointFile)
    case answered(MessageID, JudgeAnswer)
    case ended
    case halted
    case failed(any Error)
  }

  private struct Pending {
    var id: MessageID
    var file: CheckpointFile
    var began: Double
    var answer: JudgeAnswer?
  }

  /// - Parameter complete: Takes each answer, in the order of the files.
  func run(
    _ files: Inlet<CheckpointFile>, _ evaluations: CheckpointEvaluations,
    complete: (CheckpointFile, JudgeAnswer, Double) async throws -> Void
  ) async throws {
    let (stream, happen) = AsyncStream<Event>.makeStream()
    let (places, place) = AsyncStream<Void>.makeStream()
    for _ in 0..<most { place.yield() }
    halt.onRequest { happen.yield(.halted) }
    board.begin()
    defer { board.end() }
    var pending: [Pending] = []
    defer { for one in pending { Leases.shared.letGo(one.file.url) } }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          var free = places.makeAsyncIterator()
          for try await file in files {
            guard await free.next() != nil else { return }
            happen.yield(.landed(file))
          }
          happen.yield(.ended)
        } catch { happen.yield(.failed(error)) }
      }
      var hasEnded = false
      events: for await event in stream {
        switch event {
        case .failed(let error): throw error
        case .ended: hasEnded = true
        case .halted:
          if !pending.isEmpty {
            events.send(
              .message(
                "\(node): \(pending.count) checkpoints are still with workers; with --resume they are asked for again"))
          }
          break events
        case .landed(let file):
          // Held before it is looked for, so that it cannot be retired in between.
          Leases.shared.hold(file.url)
          guard let begun = try offer(file, evaluations, { happen.yield(.answered($0, $1)) }) else {
            Leases.shared.letGo(file.url)
            place.yield()
            continue
          }
          pending.append(begun)
        case .answered(let id, let answer):
          if let index = pending.firstIndex(where: { $0.id == id }) { pending[index].answer = answer }
          while let first = pending.first, let answer = first.answer {
            try await complete(first.file, answer, first.began)
            pending.removeFirst()
            Leases.shared.letGo(first.file.url)
            place.yield()
          }
        }
        if hasEnded, pending.isEmpty { break }
      }
      try Task.checkCancellation()
      place.finish()
      group.cancelAll()
    }
  }

  /// Offers a checkpoint whose turn it is; nil for any other.
  private func offer(
    _ file: CheckpointFile, _ evaluations: CheckpointEvaluations,
    _ answered: @escaping @Sendable (MessageID, JudgeAnswer) -> Void
  ) throws -> Pending? {
    guard try evaluations.isDue(file) else { return nil }
    let digest: String
    let bytes: Int
    do {
      digest = try Fingerprint.of(contentsOf: file.url)
      bytes = try file.url.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
    } catch {
      let outcome = try evaluations.failed(file, "\(error)")
      events.send(.message("\(file.name) could not be judged (\(outcome.rawValue)): \(error)"))
      return nil
    }
    let name = file.url.lastPathComponent
    let task = JudgeTask(
      stage: node, pipeline: description.text, configuration: Fingerprint.of(description.text),
      folder: FileManager.default.currentDirectoryPath,
      checkpoint: .init(
        name: name, step: file.step, path: file.url.resolvingSymlinksInPath().path,
        address: page.map { "\($0)/checkpoints/\(name)" }, bytes: bytes, sha256: digest),
      arithmetic: Arithmetic.current.id)
    let id = MessageID(words: board.scope.text, node, "\(file.step)-\(digest.prefix(12))")
    board.offer(id, try task.message) { message in answered(id, try JudgeAnswer.read(message, to: task)) }
    return Pending(id: id, file: file, began: evaluations.clock())
  }
}
