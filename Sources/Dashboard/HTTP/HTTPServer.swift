import Foundation
import Streams
import Synchronization

/// A small HTTP server for pages that only show: one thread of its own, outside the threads that the run computes on, and
/// of low priority. What a client can cost is bounded by `HTTPLimits`; no client can slow or end the run.
///
/// Requests have no bodies, and every answer ends its connection. Events are encoded once, and all clients share the bytes.
final class HTTPServer: Sendable {
  private let listener: HTTPListener
  private let limits: HTTPLimits
  private let events: EventHub
  private let answer: @Sendable (HTTPRequest) -> HTTPResponse
  /// Written to, to wake the thread and end it.
  private let wake: (read: Int32, write: Int32)
  private let isStopping = Atomic(false)

  /// - Throws: `HTTPListener.Failure` when the system has no room for a pipe.
  init(
    _ listener: HTTPListener, events: EventHub, limits: HTTPLimits = HTTPLimits(),
    answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse
  ) throws(HTTPListener.Failure) {
    self.listener = listener
    self.limits = limits
    self.events = events
    self.answer = answer
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw HTTPListener.Failure(code: errno) }
    for end in ends { HTTPListener.prepare(end) }
    wake = (ends[0], ends[1])
  }

  deinit {
    close(wake.read)
    close(wake.write)
  }

  /// Serves until `stop`.
  func run() async {
    await withCheckedContinuation { continuation in
      let thread = Thread { [self] in
        setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)  // Of this thread alone, on Linux.
        var loop = Loop(server: self)
        loop.run()
        continuation.resume()
      }
      thread.name = "page"
      thread.start()
    }
  }

  /// Ends the server after what still waits is sent, or a second has gone by.
  func stop() {
    guard !isStopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
    _ = write(wake.write, [1], 1)
  }

  /// The thread's own state.
  private struct Loop {
    let server: HTTPServer
    var connections: [HTTPConnection] = []
    /// Number of the last event that those who follow were given.
    var told = 0
    var nextTick = ContinuousClock.now
    /// The history as it was last given out, up to the event of that number.
    var remembered: (told: Int, bytes: [UInt8])?
    /// When the system had no room for another connection.
    var acceptsAfter = ContinuousClock.now
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    var farewell: ContinuousClock.Instant?

    init(server: HTTPServer) { self.server = server }

    var limits: HTTPLimits { server.limits }

    mutating func run() {
      while true {
        wait()
        let now = ContinuousClock.now
        if farewell == nil, server.isStopping.load(ordering: .acquiring) {
          farewell = now + limits.farewell
          tell(now)
          for connection in connections {
            connection.unfollow(now: now)
            if connection.phase == .reading { connection.end() }
          }
        }
        if now >= nextTick, connections.contains(where: \.follows) { tell(now) }
        for connection in connections where now >= connection.deadline && connection.phase != .following {
          expire(connection, now)
        }
        connections.removeAll { $0.phase == .closed }
        if let farewell, connections.isEmpty || now >= farewell {
          for connection in connections { connection.end() }
          return
        }
      }
    }

    /// Waits until someone wants something or a time has come, and serves whoever wants something.
    private mutating func wait() {
      var now = ContinuousClock.now
      let accepts = farewell == nil && now >= acceptsAfter
      // A negative descriptor is passed over.
      var polled = [
        pollfd(fd: accepts ? server.listener.descriptor : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: farewell == nil ? server.wake.read : -1, events: Int16(POLLIN), revents: 0),
      ]
      polled += connections.map { pollfd(fd: $0.descriptor, events: $0.interest, revents: 0) }
      var until = connections.filter { $0.phase != .following }.map(\.deadline)
      if connections.contains(where: \.follows) { until.append(nextTick) }
      if farewell == nil, !accepts { until.append(acceptsAfter) }
      if let farewell { until.append(farewell) }
      let milliseconds = until.min().map { max(0, ($0 - now) / .milliseconds(1)).rounded(.up) }
      poll(&polled, nfds_t(polled.count), milliseconds.map { Int32(min($0, 60_000)) } ?? -1)
      now = .now
      for (connection, polled) in zip(connections, polled.dropFirst(2)) where polled.revents != 0 {
        serve(connection, polled.revents, now)
      }
      // Who has just left makes room for who stands at the door.
      connections.removeAll { $0.phase == .closed }
      // By the time of now: serving the others took a while.
      if polled[0].revents != 0 { accept(.now) }
    }

    private mutating func accept(_ now: ContinuousClock.Instant) {
      for _ in 0..<limits.connections {
        let descriptor = Foundation.accept(server.listener.descriptor, nil, nil)
        guard descriptor >= 0 else {
          // Without room for another connection the listener stays ready: it is left alone for a while.
          if ![EAGAIN, EINTR, ECONNABORTED].contains(errno) { acceptsAfter = now + .seconds(1) }
          return
        }
        HTTPListener.prepare(descriptor)
        let connection = HTTPConnection(descriptor, limits, now: now)
        // Those who have their answer and only part are few, and keep nobody out.
        guard connections.count(where: { $0.phase != .parting }) < limits.connections,
          connections.count < 2 * limits.connections
        else {
          connection.answer(
            .refusal(503, "Too many connections are open; try again in some seconds."), now: now)
          connection.write(gathering: &buffer, now: now)
          connection.end()
          continue
        }
        connections.append(connection)
      }
    }

    private mutating func serve(_ connection: HTTPConnection, _ ready: Int16, _ now: ContinuousClock.Instant) {
      // Another's turn may have ended it.
      guard connection.phase != .closed else { return }
      if ready & Int16(POLLERR | POLLNVAL) != 0 { return connection.end() }
      if ready & Int16(POLLIN | POLLHUP) != 0, connection.phase != .writing || connection.follows {
        do throws(HTTPRefusal) {
          if let request = try connection.read(into: &buffer) { begin(connection, request, now) }
        } catch {
          connection.answer(error.response, now: now)
        }
      }
      connection.write(gathering: &buffer, now: now)
    }

    private mutating func begin(_ connection: HTTPConnection, _ request: HTTPRequest, _ now: ContinuousClock.Instant) {
      let response = server.answer(request)
      guard response.body == .events else {
        return connection.answer(response, isHeadOnly: request.method == "HEAD", now: now)
      }
      guard connections.count(where: \.follows) < limits.streams else {
        return connection.answer(
          .refusal(503, "Too many browsers follow the run; /report shows where it stands."), now: now)
      }
      // All who follow stand at the same event; the new one is given everything up to there.
      if !connections.contains(where: \.follows) { tell(now) }
      connection.answer(response, isHeadOnly: request.method == "HEAD", history: [history()], now: now)
      if server.events.isFinished { connection.unfollow(now: now) }
    }

    /// A client that took too long is told so while its request is awaited, and let go.
    private func expire(_ connection: HTTPConnection, _ now: ContinuousClock.Instant) {
      guard connection.phase == .reading else { return connection.end() }
      connection.answer(.refusal(408, "The request did not come in time."), now: now)
    }

    /// Gives those who follow what was told since the last time.
    private mutating func tell(_ now: ContinuousClock.Instant) {
      nextTick = now + limits.tick
      remembered = connections.contains(where: \.follows) ? remembered : nil
      // Asked first, so that nothing told before the end is missed.
      let isFinished = server.events.isFinished
      let news = server.events.told(after: told)
      if let last = news.last { told = last.number }
      let followers = connections.filter(\.follows)
      guard !followers.isEmpty else { return }
      let chunks = Self.chunks(news)
      for follower in followers {
        follower.follow(chunks, now: now)
        if isFinished { follower.unfollow(now: now) }
      }
    }

    /// What is remembered up to where all who follow stand, as one chunk for all who come between two looks.
    private mutating func history() -> [UInt8] {
      if let remembered, remembered.told == told { return remembered.bytes }
      let chunks = Self.chunks(server.events.told().filter { $0.number <= told })
      var bytes: [UInt8] = []
      bytes.reserveCapacity(chunks.reduce(0) { $0 + $1.count })
      for chunk in chunks { bytes += chunk }
      remembered = (told, bytes)
      return bytes
    }

    private static let prefix = Array("data: ".utf8)
    private static let suffix = Array("\n\n".utf8)

    private static func chunks(_ told: [ToldEvent]) -> [[UInt8]] { told.flatMap { [prefix, $0.json, suffix] } }
  }
}
