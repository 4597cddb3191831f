import Foundation

/// What a client may cost before it is refused. Everything that comes from outside is bounded by one of these.
struct HTTPLimits: Sendable {
  /// Request line and headers together; a longer request is refused unread.
  var headBytes = 8192
  var headers = 64
  /// From the connection to the end of the request's head.
  var headTime = Duration.seconds(5)
  /// For a whole response that is not a stream; a file has a second more for each `fileRate` bytes.
  var responseTime = Duration.seconds(60)
  /// Bytes a second that a client takes of a file at least.
  var fileRate = 256 << 10
  /// A client that takes nothing of what waits for it for this long is let go.
  var stallTime = Duration.seconds(15)
  /// Connections at once; what comes beyond is refused at the door. As many again may still be parting.
  var connections = 64
  /// Connections that follow the run; the others are kept for requests.
  var streams = 48
  /// What may wait for a client that follows the run, beside what it was given when it came.
  var waitingBytes = 16 << 20
  /// Between two looks at what the run has told, while anyone follows it.
  var tick = Duration.milliseconds(100)
  /// For what still waits when the server ends, and for a client to take its answer in before the connection is closed.
  var farewell = Duration.seconds(1)

  /// Fewer connections where the process may have few files: the run needs most of them.
  /// - Parameter descriptors: Files that the process may have open (`ulimit -n`).
  func fitting(descriptors: Int) -> HTTPLimits {
    var limits = self
    // As many again may be parting.
    limits.connections = max(2, min(connections, descriptors / 8))
    limits.streams = min(streams, limits.connections - max(1, limits.connections / 4))
    return limits
  }

  /// Files that this process may have open.
  static var descriptors: Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
    return Int(clamping: limit.rlim_cur)
  }
}
