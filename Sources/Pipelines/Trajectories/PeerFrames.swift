internal import Foundation
internal import Streams
internal import Systems
internal import Trajectories

/// Some rounds of frames of some trajectories, and what was said on the way, as they go from rank to rank.
struct PeerFrames: Sendable {
  /// What an ensemble says beside its frames.
  struct Words: Codable, Sendable {
    var records: [OnTheFlyRecord] = []
    var notices: [String] = []
  }

  var rounds: [[Frame]] = []
  var words = Words()

  static let damaged = RunError(
    .badInput, "a rank sent frames that are none; do all run the same version of the program?")
  /// Numbers before those of a frame's state: trajectory, index, time, and whether mid and tendency follow.
  private static let head = 5

  init() {}

  /// Rounds of frames: how many frames each has, and then these.
  var numbers: [Double] {
    var numbers: [Double] = []
    for round in rounds {
      numbers.append(Double(round.count))
      for frame in round {
        numbers += [
          Double(frame.trajectory), Double(frame.index), frame.time, frame.mid == nil ? 0 : 1,
          frame.tendency == nil ? 0 : 1,
        ]
        numbers += frame.state.values
        if let mid = frame.mid { numbers += mid.values }
        if let tendency = frame.tendency { numbers += tendency.values }
      }
    }
    return numbers
  }

  /// - Throws: `RunError` for what is no block of frames of this layout.
  init(_ numbers: [Double], _ words: Data, _ layout: StateLayout) throws {
    var place = 0
    func next(_ count: Int) throws -> ArraySlice<Double> {
      guard count >= 0, count <= numbers.count - place else { throw Self.damaged }
      defer { place += count }
      return numbers[place..<(place + count)]
    }
    func state() throws -> State<Double> { State(layout, Array(try next(layout.count))) }
    while place < numbers.count {
      guard let count = Int(exactly: try next(1).first!), count >= 0 else { throw Self.damaged }
      var round: [Frame] = []
      for _ in 0..<count {
        let head = Array(try next(Self.head))
        guard let trajectory = Int(exactly: head[0]), let index = Int(exactly: head[1]) else { throw Self.damaged }
        var frame = Frame(trajectory: trajectory, index: index, time: head[2], state: try state())
        if head[3] != 0 { frame.mid = try state() }
        if head[4] != 0 { frame.tendency = try state() }
        round.append(frame)
      }
      rounds.append(round)
    }
    if !words.isEmpty { self.words = try JSONDecoder.withInfinities.decode(Words.self, from: words) }
  }
}
