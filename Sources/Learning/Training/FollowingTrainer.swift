internal import Foundation
public import Tensors
internal import Trajectories

/// The training as every rank but the first sees it: it computes its shards of each batch, for a trainer that leads.
///
/// It reads no file and chooses nothing. It holds the model's weights, which stay the same bits on every rank.
public struct FollowingTrainer {
  private let ranks: RankGroup
  private var backend: (any TrainingBackend)?
  private var layout: StateLayout?
  private var parameterCount = 0

  public init(_ ranks: RankGroup) { self.ranks = ranks }

  /// Tells the followers that there is nothing more to compute; by the first rank.
  /// - Throws: What the ranks' link throws.
  public static func end(_ ranks: RankGroup) throws {
    try RankCommand.tell(ranks, .end) { _ in UnsafeRawBufferPointer(start: nil, count: 0) }
  }

  /// Does what the first rank says, until it says that it is over. Keeps its thread busy.
  /// - Throws: `LearningError` as the trainer does, and what the ranks' link throws.
  public mutating func run() throws {
    while true {
      let command = try RankCommand(from: ranks)
      switch command.kind {
      case .model: try take(model: command)
      case .weights: try take(weights: command)
      case .gradient: try gradient(command)
      case .update:
        let values = try floats(command, AdamW.numbersOfCommand)
        backend?.update(AdamW(values, number: Int(command.numbers[0])))
      case .end: return
      }
    }
  }

  private func bytes(_ command: RankCommand) throws -> Data {
    var data = Data(count: command.bytes)
    guard command.bytes > 0 else { return data }
    try data.withUnsafeMutableBytes { try ranks.link.exchange([RankTransfer(0, receives: $0)], on: .commands) }
    return data
  }

  private func floats(_ command: RankCommand, _ count: Int) throws -> [Float] {
    guard command.bytes == count * MemoryLayout<Float>.size else { throw mismatch }
    guard count > 0 else { return [] }
    var error: (any Error)?
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      do {
        try ranks.link.exchange([RankTransfer(0, receives: UnsafeMutableRawBufferPointer(buffer))], on: .commands)
        filled = count
      } catch let failure { error = failure }
    }
    if let error { throw error }
    return values
  }

  private var mismatch: LearningError {
    LearningError(
      .invalidData, "the first rank sends what does not fit its model; do all run the same version of the program?")
  }

  private mutating func take(model command: RankCommand) throws {
    let checkpoint = try Checkpoint(Safetensors(bytes(command)), name: "the model of the first rank")
    guard let training = checkpoint.training else { throw mismatch }
    var options = training.configuration.options
    options.ranks = ranks
    backend = try ModelCatalogue.model(checkpoint.model, parameters: checkpoint.parameters).backend(options)
    backend?.write(
      Weights(
        parameters: checkpoint.parameters, firstMoments: training.firstMoments, secondMoments: training.secondMoments))
    layout = checkpoint.model.layout
    parameterCount = checkpoint.parameters.count
  }

  private func take(weights command: RankCommand) throws {
    let all = try floats(command, 3 * parameterCount)
    func part(_ k: Int) -> [Float] { Array(all[(k * parameterCount)..<((k + 1) * parameterCount)]) }
    backend?.write(Weights(parameters: part(0), firstMoments: part(1), secondMoments: part(2)))
  }

  private func gradient(_ command: RankCommand) throws {
    guard let backend, let layout else { throw mismatch }
    let (count, steps) = (Int(command.numbers[2]), Int(command.numbers[3]))
    guard (1...1 << 20).contains(count), (1...65536).contains(steps) else { throw mismatch }
    let hasTendencies = command.numbers[4] != 0
    let own = LeadingBackend.samples(of: ranks.rank, ranks.count, count: count, steps: steps)
    let (states, rates) = ((steps + 1) * layout.count, hasTendencies ? steps * layout.count : 0)
    let numbers = try floats(command, own.count * (states + rates))
    let samples = (0..<count).map { index in
      // What other ranks have is not looked at.
      let at = own.contains(index) ? (index - own.lowerBound) * (states + rates) : nil
      return TrainingSample(
        TrainingWindow(
          unchecked: 0, start: 0, layout: layout, steps: steps,
          values: at.map { Array(numbers[$0..<($0 + states)]) } ?? [],
          tendencies: hasTendencies ? at.map { Array(numbers[($0 + states)..<($0 + states + rates)]) } ?? [] : nil))
    }
    _ = try backend.gradient(
      of: TrainingBatch(unchecked: samples, steps: steps), step: Int(command.numbers[0]),
      noise: Float(bitPattern: UInt32(command.numbers[1])),
      injection: command.numbers[5] == 0 ? nil : TrainingInjection())
  }
}
