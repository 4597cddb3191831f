internal import Foundation
internal import Streams
internal import Systems
internal import Trajectories

/// Whole rounds of frames of one ensemble, as a message: a line of JSON, and the numbers.
///
/// A round has a frame of each trajectory: one byte that says whether there is a mid state (1) and a derivative (2), then
/// little-endian doubles: the time, the state, and those.
struct PostedFrames: Sendable {
  struct Head: Codable, Sendable, Equatable {
    var configuration: String
    var arithmetic: String
    var ensemble: Int
    /// Index of the first frames.
    var first: Int
    var rounds: Int
    var trajectories: Range<Int>
    /// Numbers of a state.
    var numbers: Int
    /// What learning on the fly did, and what a user should know, with the round each comes before.
    var records: [[OnTheFlyRecord]] = []
    var notices: [[String]] = []
  }

  var head: Head
  /// By round.
  var frames: [[Frame]]

  /// Bytes of a round at most.
  static func bytes(abreast: Int, numbers: Int) -> Int { abreast * (9 + 24 * numbers) }

  var message: [UInt8] {
    get throws {
      var bytes = [UInt8](try JSONEncoder.withInfinities.encode(head)) + [UInt8(ascii: "\n")]
      func put(_ values: [Double]) {
        if Self.isLittleEndian {
          values.withUnsafeBytes { bytes.append(contentsOf: $0) }
        } else {
          for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
        }
      }
      for round in frames {
        for frame in round {
          bytes.append((frame.mid == nil ? 0 : 1) | (frame.tendency == nil ? 0 : 2))
          put([frame.time])
          put(frame.state.values)
          if let mid = frame.mid { put(mid.values) }
          if let tendency = frame.tendency { put(tendency.values) }
        }
      }
      return bytes
    }
  }

  private static var isLittleEndian: Bool { 1.littleEndian == 1 }

  /// - Parameters:
  ///   - layout: Of the states.
  ///   - expected: What the block must be of; rounds, records and notices are its own.
  ///   - most: Rounds at most.
  /// - Throws: `WorkError` for what is no such block.
  init(_ bytes: [UInt8], layout: StateLayout, expected: Head, most: Int) throws {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
      throw WorkError("a block of frames without its head")
    }
    let head: Head
    do { head = try JSONDecoder.withInfinities.decode(Head.self, from: Data(bytes[..<end])) } catch {
      throw WorkError("a block of frames whose head cannot be read: \(error)")
    }
    var own = head
    (own.rounds, own.records, own.notices) = (expected.rounds, [], [])
    guard own == expected, head.rounds >= 1, head.rounds <= most, head.numbers == layout.count,
      head.records.count <= head.rounds, head.notices.count <= head.rounds
    else { throw WorkError("a block of other frames than were asked for") }
    var place = end + 1
    func take(_ count: Int) throws -> [Double] {
      guard bytes.count - place >= 8 * count else { throw WorkError("a block of frames that is cut short") }
      let values = bytes.withUnsafeBytes { all in
        (0..<count).map { index in
          Double(
            bitPattern: UInt64(littleEndian: all.loadUnaligned(fromByteOffset: place + 8 * index, as: UInt64.self)))
        }
      }
      place += 8 * count
      return values
    }
    var frames: [[Frame]] = []
    for round in 0..<head.rounds {
      var now: [Frame] = []
      for trajectory in head.trajectories {
        guard place < bytes.count, bytes[place] < 4 else { throw WorkError("a block of frames that is damaged") }
        let flags = bytes[place]
        place += 1
        let time = try take(1)[0]
        let state = State(layout, try take(layout.count))
        let mid = flags & 1 == 1 ? State(layout, try take(layout.count)) : nil
        let tendency = flags & 2 == 2 ? State(layout, try take(layout.count)) : nil
        now.append(
          Frame(
            trajectory: trajectory, index: head.first + round, time: time, state: state, mid: mid, tendency: tendency))
      }
      frames.append(now)
    }
    guard place == bytes.count else { throw WorkError("a block of frames with more than its frames") }
    self.head = head
    self.frames = frames
  }

  init(_ head: Head, _ frames: [[Frame]]) {
    self.head = head
    self.frames = frames
  }
}
