import Foundation

/// One client, on the server's thread: first its request is read, then it is written to.
final class HTTPConnection {
  enum Phase: Equatable {
    /// Until the request's head is whole.
    case reading
    /// Until everything that waits is sent.
    case writing
    /// Everything that waits is sent, and more will come.
    case following
    /// The answer is out: what the client still sends is thrown away, so that it is not told of a reset first.
    case parting
    case closed
  }

  let descriptor: Int32
  private(set) var phase = Phase.reading
  private(set) var deadline: ContinuousClock.Instant
  private(set) var follows = false
  private var head: [UInt8] = []
  private var looked = 0
  /// Chunks are shared with other clients; only references are kept here.
  private var waiting: [[UInt8]] = []
  /// The file that is being sent, and how much of it was taken up.
  private var unsent: (file: HTTPFile, offset: Int)?
  private var nextChunk = 0
  private var offset = 0
  private(set) var waitingBytes = 0
  private var unread = 0
  private let limits: HTTPLimits

  init(_ descriptor: Int32, _ limits: HTTPLimits, now: ContinuousClock.Instant) {
    self.descriptor = descriptor
    self.limits = limits
    deadline = now + limits.headTime
  }

  deinit { if phase != .closed { close(descriptor) } }

  /// What the connection waits for, as `poll` asks.
  var interest: Int16 {
    switch phase {
    case .reading, .parting: Int16(POLLIN)
    case .writing: follows ? Int16(POLLIN | POLLOUT) : Int16(POLLOUT)
    case .following: Int16(POLLIN)
    case .closed: 0
    }
  }

  func end() {
    guard phase != .closed else { return }
    phase = .closed
    Foundation.close(descriptor)
  }

  /// Reads what there is, once, and no more than is allowed.
  /// - Returns: The request when its head is whole.
  /// - Throws: The refusal of what is too long or no request.
  func read(into buffer: inout [UInt8]) throws(HTTPRefusal) -> HTTPRequest? {
    // One byte more than is allowed tells what is too long.
    let most = phase == .reading ? min(buffer.count, limits.headBytes + 1 - head.count) : buffer.count
    let count = recv(descriptor, &buffer, most, 0)
    if count < 0, errno == EAGAIN || errno == EINTR { return nil }
    guard count > 0 else {
      end()
      return nil
    }
    guard phase == .reading else {
      // A client has nothing to say after its request.
      unread += count
      if unread > 32 * limits.headBytes { end() }
      return nil
    }
    head += buffer[..<count]
    if let end = HTTPRequest.end(of: head, from: looked) {
      guard end <= limits.headBytes else { throw HTTPRefusal(431, "The request is too long.") }
      return try HTTPRequest(head: head[..<end], limits: limits)
    }
    looked = head.count
    guard head.count <= limits.headBytes else {
      throw head.contains(10)
        ? HTTPRefusal(431, "The headers are too long.") : HTTPRefusal(414, "The address is too long.")
    }
    return nil
  }

  /// - Parameter history: What one who follows the run is given first.
  func answer(_ response: HTTPResponse, isHeadOnly: Bool = false, history: [[UInt8]] = [], now: ContinuousClock.Instant)
  {
    head = []
    phase = .writing
    enqueue(response.head)
    switch response.body {
    case .bytes(let bytes):
      if !isHeadOnly { enqueue(bytes) }
      deadline = now + limits.responseTime
    case .file(let file):
      if !isHeadOnly { unsent = (file, 0) }
      deadline = now + limits.responseTime + .seconds(file.size / limits.fileRate)
    case .events:
      follows = !isHeadOnly
      if follows { for chunk in history { enqueue(chunk) } }
      deadline = now + limits.stallTime
    }
    allowance = waitingBytes + limits.waitingBytes
  }
  private var allowance = 0

  /// Gives one who follows the run more. One who does not keep up is let go; a browser comes back by itself.
  func follow(_ chunks: [[UInt8]], now: ContinuousClock.Instant) {
    guard follows, phase == .writing || phase == .following, !chunks.isEmpty else { return }
    if phase == .following {
      phase = .writing
      deadline = now + limits.stallTime
    }
    for chunk in chunks { enqueue(chunk) }
    if waitingBytes > allowance { end() }
  }

  /// Nothing more will come: once everything is sent, the connection ends.
  func unfollow(now: ContinuousClock.Instant) {
    guard follows else { return }
    follows = false
    if phase == .following { part(now) }
  }

  private func enqueue(_ chunk: [UInt8]) {
    waiting.append(chunk)
    waitingBytes += chunk.count
  }

  /// Sends as much as the client takes, once.
  func write(gathering buffer: inout [UInt8], now: ContinuousClock.Instant) {
    guard phase == .writing else { return }
    if waitingBytes < buffer.count, !takeUp(buffer.count) { return end() }
    var filled = 0
    var (chunk, from) = (nextChunk, offset)
    while chunk < waiting.count, filled < buffer.count {
      let part = min(waiting[chunk].count - from, buffer.count - filled)
      buffer.withUnsafeMutableBytes { target in
        waiting[chunk].withUnsafeBytes { source in
          target[filled..<(filled + part)].copyBytes(from: source[from..<(from + part)])
        }
      }
      filled += part
      (chunk, from) = from + part == waiting[chunk].count ? (chunk + 1, 0) : (chunk, from + part)
    }
    if filled > 0 {
      let sent = send(descriptor, buffer, filled, Int32(MSG_NOSIGNAL))
      if sent < 0 {
        if errno != EAGAIN, errno != EINTR { end() }
        return
      }
      advance(sent)
      if follows, sent > 0 { deadline = now + limits.stallTime }
    }
    guard waitingBytes == 0, unsent == nil else { return }
    waiting = []
    (nextChunk, offset) = (0, 0)
    if follows { phase = .following } else { part(now) }
  }

  /// Takes the next piece of the file up, where one is being sent.
  /// - Returns: Whether it could be read: a client that was promised more must not take what it has for the whole.
  private func takeUp(_ count: Int) -> Bool {
    guard let (file, offset) = unsent else { return true }
    guard let piece = file.read(from: offset, atMost: count) else { return false }
    enqueue(piece)
    unsent = offset + piece.count < file.size ? (file, offset + piece.count) : nil
    return true
  }

  private func advance(_ sent: Int) {
    waitingBytes -= sent
    var left = sent
    while left > 0 || nextChunk < waiting.count && waiting[nextChunk].count == offset {
      let part = min(left, waiting[nextChunk].count - offset)
      left -= part
      offset += part
      if offset == waiting[nextChunk].count {
        waiting[nextChunk] = []
        (nextChunk, offset) = (nextChunk + 1, 0)
      }
    }
    if nextChunk > 1024 {
      waiting.removeFirst(nextChunk)
      nextChunk = 0
    }
  }

  private func part(_ now: ContinuousClock.Instant) {
    phase = .parting
    deadline = now + limits.farewell
    shutdown(descriptor, Int32(SHUT_WR))
  }
}
