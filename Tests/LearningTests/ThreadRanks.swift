import Foundation
import Tensors

/// Ranks that are threads of one process, and reach each other through memory.
final class ThreadRanks: RankLink {
  let rank: Int
  let count: Int
  private let post: Post

  private init(_ rank: Int, _ count: Int, _ post: Post) {
    self.rank = rank
    self.count = count
    self.post = post
  }

  static func group(of count: Int) -> [RankGroup] {
    let post = Post()
    return (0..<count).map { RankGroup(ThreadRanks($0, count, post)) }
  }

  func exchange(_ transfers: [RankTransfer], on channel: RankChannel) throws {
    for transfer in transfers where transfer.sends.count > 0 {
      post.put(Array(transfer.sends), .init(from: rank, to: transfer.peer, channel: channel))
    }
    for transfer in transfers where transfer.receives.count > 0 {
      let bytes = post.take(.init(from: transfer.peer, to: rank, channel: channel))
      precondition(bytes.count == transfer.receives.count, "\(bytes.count) bytes came, not \(transfer.receives.count)")
      transfer.receives.copyBytes(from: bytes)
    }
  }

  // Unchecked: everything is behind the condition.
  private final class Post: @unchecked Sendable {
    struct Address: Hashable {
      let from: Int
      let to: Int
      let channel: RankChannel
    }
    private let condition = NSCondition()
    private var boxes: [Address: [[UInt8]]] = [:]

    func put(_ bytes: [UInt8], _ address: Address) {
      condition.withLock {
        boxes[address, default: []].append(bytes)
        condition.broadcast()
      }
    }

    func take(_ address: Address) -> [UInt8] {
      condition.withLock {
        while boxes[address, default: []].isEmpty { condition.wait() }
        return boxes[address]!.removeFirst()
      }
    }
  }

  /// Runs `body` as the first of `count` ranks, with followers on threads of their own.
  static func lead<Result>(
    _ count: Int, _ follow: @escaping @Sendable (RankGroup) throws -> Void, _ body: (RankGroup) throws -> Result
  )
    throws -> Result
  {
    let groups = group(of: count)
    let done = DispatchGroup()
    for group in groups.dropFirst() {
      done.enter()
      Thread.detachNewThread {
        do { try follow(group) } catch { preconditionFailure("rank \(group.rank): \(error)") }
        done.leave()
      }
    }
    let result = try body(groups[0])
    done.wait()
    return result
  }
}
