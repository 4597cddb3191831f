internal import Foundation
internal import Streams
internal import Systems
internal import Tensors
internal import Trajectories
internal import Transports

/// What a simulating worker does with a task: the frames of an ensemble, block by block.
struct SimulateDesk {
  let access: WorkerAccess
  let transport: any Transport
  let cores: Int
  let halt: @Sendable () -> Bool

  /// Why a task is left to others; nil where it is not.
  func reason(against payload: [UInt8]) -> String? {
    let task: SimulateTask
    do { task = try SimulateTask.read(payload) } catch { return "\(error)" }
    return access.reason(against: task.configuration, wanting: "frames", by: task.arithmetic)
  }

  func perform(_ claim: Claim, _ held: HeldWork) throws -> Worker.Outcome {
    let task = try SimulateTask.read(claim.payload)
    let source: SimulatedTrajectories
    var ensemble: any Ensemble
    do {
      let description = try PipelineDescription(text: task.pipeline)
      let node = description.nodes.first { $0.id == task.node }
      guard let component = node?.component as? any EnsembleProviding else {
        return .refused("the pipeline has no simulator `\(task.node)`")
      }
      source = component.simulated
      guard task.ensemble < source.ensembles ?? .max, task.first < source.framesPerTrajectory else {
        return .refused("there is no such ensemble")
      }
      ensemble = try source.ensemble(task.ensemble, workers: cores)
    } catch { return .refused("\(error)") }
    let scope = claim.id.text.split(separator: "/").dropLast().joined(separator: "/")
    guard let scope = MessageID(scope) else { return .refused("its id is none of ours") }
    let position = MessageID(words: "position", scope.text.replacing("/", with: "-"))
    let layout = source.system.layout
    let round = PostedFrames.bytes(abreast: source.abreast, numbers: layout.count)
    let rounds = max(1, RemoteSimulators.blockBytes / round)
    var head = PostedFrames.Head(
      configuration: task.configuration, arithmetic: Arithmetic.current.id, ensemble: task.ensemble, first: task.first,
      rounds: 0, trajectories: ensemble.trajectories, numbers: layout.count)
    var frames: [[Frame]] = []
    var taken = task.first
    for index in 0..<source.framesPerTrajectory {
      if halt() { throw RunError(.interrupted, "stopped") }
      let now = try ensemble.advance()
      let (records, notices) = (ensemble.takeRecords(), ensemble.takeNotices())
      guard index >= task.first else { continue }
      frames.append(now)
      head.records.append(records)
      head.notices.append(notices.prefix(100).map { String($0.prefix(1000)) })
      guard frames.count == rounds || index == source.framesPerTrajectory - 1 else { continue }
      head.rounds = frames.count
      if head.records.allSatisfy(\.isEmpty) { head.records = [] }
      if head.notices.allSatisfy(\.isEmpty) { head.notices = [] }
      let message = try PostedFrames(head, frames).message
      let id = RemoteSimulators.id(scope, task.ensemble, head.first)
      guard try deliver(message, id, head.first, &taken, task, position, held) else {
        return .dropped("it is another worker's by now, or no longer wanted")
      }
      head.first = index + 1
      (head.records, head.notices, frames) = ([], [], [])
    }
    return .posted
  }

  /// Posts a block as soon as the run has taken enough of those before it, and there is room.
  /// - Returns: False when the claim was lost.
  private func deliver(
    _ message: [UInt8], _ id: MessageID, _ first: Int, _ taken: inout Int, _ task: SimulateTask, _ position: MessageID,
    _ held: HeldWork
  ) throws -> Bool {
    while true {
      if held.isLost, held.isStillHeld() == false { return false }
      do {
        if first - taken >= task.window { taken = try self.taken(task, position) }
        if first - taken < task.window, try transport.send(id, message, to: .simulate) { return true }
      } catch let error as TransportError {
        guard error.code == .unreachable else { throw error }
      }
      if halt() { throw RunError(.interrupted, "stopped") }
      Worker.pause(.milliseconds(100))
    }
  }

  /// Frames that the run has taken of the task's ensemble.
  private func taken(_ task: SimulateTask, _ position: MessageID) throws -> Int {
    guard let note = try transport.notes(on: .simulate).first(where: { $0.name == position }) else {
      return task.first
    }
    let words = String(decoding: note.message, as: UTF8.self).split(separator: " ").compactMap { Int($0) }
    guard words.count == 2 else { return task.first }
    return words[0] == task.ensemble ? max(task.first, words[1]) : words[0] > task.ensemble ? .max / 2 : task.first
  }
}
