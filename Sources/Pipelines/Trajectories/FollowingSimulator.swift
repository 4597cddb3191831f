internal import Foundation
internal import Streams
internal import Systems
internal import Tensors
internal import Trajectories

/// What every rank but the first does for the simulation: trajectories whose numbers it is told, a block of rounds at a time.
struct FollowingSimulator {
  let ranks: RankGroup
  /// The trajectories of the source at a place in the pipeline, and the cores to simulate them with.
  let source: (_ place: Int) throws -> (SimulatedTrajectories, workers: Int)

  /// Does what the first rank says, until it says that it is over. Keeps its thread busy.
  /// - Throws: What the simulator and the link throw.
  func run() throws {
    var running: (any Ensemble)?
    while true {
      var order = [Int64](repeating: 0, count: SharedFrames.Order.size)
      try order.withUnsafeMutableBytes { try ranks.link.exchange([RankTransfer(0, receives: $0)], on: .frames) }
      switch order[0] {
      case SharedFrames.Order.begin:
        let (source, workers) = try source(Int(order[1]))
        guard order[2] >= 0, order[3] > order[2] else { throw PeerFrames.damaged }
        running = try source.dynamics.ensemble(Int(order[2])..<Int(order[3]), seed: source.seed, workers: workers)
      case SharedFrames.Order.next:
        guard running != nil, (1...1 << 20).contains(order[2]) else { throw PeerFrames.damaged }
        var block = PeerFrames()
        for _ in 0..<order[2] {
          block.rounds.append(try running!.advance())
          block.words.records += running!.takeRecords()
          block.words.notices += running!.takeNotices()
        }
        try send(block)
      case SharedFrames.Order.end: return
      default: throw PeerFrames.damaged
      }
    }
  }

  private func send(_ block: PeerFrames) throws {
    let numbers = block.numbers
    let isSilent = block.words.records.isEmpty && block.words.notices.isEmpty
    let words = isSilent ? Data() : try JSONEncoder.withInfinities.encode(block.words)
    let sizes = [Int64(numbers.count), Int64(words.count)]
    try sizes.withUnsafeBytes { try ranks.link.exchange([RankTransfer(0, sends: $0)], on: .frames) }
    try numbers.withUnsafeBytes { try ranks.link.exchange([RankTransfer(0, sends: $0)], on: .frames) }
    try words.withUnsafeBytes { try ranks.link.exchange([RankTransfer(0, sends: $0)], on: .frames) }
  }
}
