internal import CMPI
internal import Foundation
internal import Synchronization
public import Tensors

/// The ranks of one MPI job.
///
/// The library is called by one thread at a time and never waits inside a call: every wait looks, yields, and after a
/// while sleeps, so that ranks that share cores do not take them from each other, and so that a rank hears in every wait
/// that another has failed.
public final class MPIWorld: RankLink {
  public let rank: Int
  public let count: Int
  /// What the library calls itself, such as "Open MPI v4.1.4".
  public let version: String

  private struct State {
    var failure: MPIError?
    /// Asked for by a rank that got a signal.
    var isStopAsked = false
    /// Waits end then.
    var deadline: ContinuousClock.Instant?
  }
  /// Held for every call of the library; whether it may still be called.
  private let calls = Mutex(true)
  private let state = Mutex(State())

  /// Bytes of one message; MPI counts them by 32 bits with sign.
  private static let mostBytes = 1 << 30
  /// Bytes of a word from a rank to the first one.
  private static let wordSize = 1024
  private static let wordTag = 64
  /// Looks before the first sleep of a wait: some milliseconds.
  private static let looksBeforeSleep = 20_000

  /// Joins the ranks that the launcher has started.
  /// - Throws: `MPIError` where the library cannot be opened, with what to install or set.
  public init(_ launch: MPILaunch) throws {
    var reasons: [String] = []
    var isOpen = false
    for path in launch.libraries where !isOpen {
      if let reason = holstream_mpi_open(path) { reasons.append(String(cString: reason)) } else { isOpen = true }
    }
    guard isOpen else {
      throw MPIError(
        .missing,
        "this is one of \(launch.count) processes of \(launch.family.rawValue), whose library cannot be opened "
          + "(\(reasons.joined(separator: "; "))). Install it (Debian: "
          + (launch.family == .openMPI ? "openmpi-bin" : "mpich")
          + "), or set \(MPILaunch.libraryKey) to the path of the one that the launcher belongs to")
    }
    var (rank, count): (Int32, Int32) = (0, 0)
    if let reason = holstream_mpi_join(&rank, &count) {
      throw MPIError(
        .failed,
        "MPI cannot be used: \(String(cString: reason)). Does the library belong to the launcher? "
          + "\(MPILaunch.libraryKey) names another one")
    }
    guard count == launch.count else {
      // Each would run the whole pipeline, in folders of the same name.
      throw MPIError(
        .failed,
        "the launcher started \(launch.count) processes of \(launch.family.rawValue), and the library sees \(count): it "
          + "belongs to another launcher. Set \(MPILaunch.libraryKey) to the path of the launcher's own")
    }
    self.rank = Int(rank)
    self.count = Int(count)
    var text = [CChar](repeating: 0, count: 200)
    holstream_mpi_version(&text, text.count)
    let words = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    version =
      words.split { $0 == "," || $0 == "\n" }.first.map {
        $0.replacingOccurrences(of: "\t", with: " ").trimmingCharacters(in: .whitespaces)
      } ?? "MPI"
  }

  /// - Throws: `MPIError` of code `peer` when another rank has failed.
  public func exchange(_ transfers: [RankTransfer], on channel: RankChannel) throws {
    var pending: [holstream_mpi_request] = []
    try locked {
      // A call for each piece, and a request for each call.
      func begin(
        _ count: Int, _ call: (_ start: Int, _ bytes: Int32, inout holstream_mpi_request) -> UnsafePointer<CChar>?
      ) throws {
        for (start, bytes) in Self.pieces(count) {
          pending.append(0)
          try Self.check(call(start, Int32(bytes), &pending[pending.count - 1]))
        }
      }
      for transfer in transfers {
        try begin(transfer.receives.count) {
          holstream_mpi_receive(
            transfer.receives.baseAddress! + $0, $1, Int32(transfer.peer), Int32(channel.rawValue), &$2)
        }
      }
      for transfer in transfers {
        try begin(transfer.sends.count) {
          holstream_mpi_send(transfer.sends.baseAddress! + $0, $1, Int32(transfer.peer), Int32(channel.rawValue), &$2)
        }
      }
    }
    try wait(&pending)
  }

  private static func pieces(_ count: Int) -> [(start: Int, bytes: Int)] {
    stride(from: 0, to: count, by: mostBytes).map { ($0, min(mostBytes, count - $0)) }
  }

  private func wait(_ pending: inout [holstream_mpi_request]) throws {
    var looks = 0
    while true {
      try locked {
        for k in pending.indices.reversed() {
          var done: Int32 = 0
          try Self.check(holstream_mpi_test(&pending[k], &done))
          if done != 0 { pending.remove(at: k) }
        }
      }
      if pending.isEmpty { return }
      looks += 1
      if looks % 256 == 0 || looks > Self.looksBeforeSleep {
        try listen()
        if let deadline = state.withLock({ $0.deadline }), ContinuousClock.now > deadline {
          throw fail(
            MPIError(.peer, "a rank does not answer any more; what the run has written is whole, and --resume goes on"))
        }
      }
      if looks <= Self.looksBeforeSleep { sched_yield() } else { usleep(looks > 2 * Self.looksBeforeSleep ? 500 : 50) }
    }
  }

  // MARK: Words out of turn

  private struct Word {
    enum Kind: UInt8 {
      case stop = 1
      case failed
    }
    var kind: Kind
    var message = ""

    var bytes: [UInt8] {
      var text = Array(message.utf8.prefix(MPIWorld.wordSize - 1))
      text.append(contentsOf: repeatElement(0, count: MPIWorld.wordSize - 1 - text.count))
      return [kind.rawValue] + text
    }

    init(_ kind: Kind, _ message: String = "") {
      self.kind = kind
      self.message = message
    }

    init(_ bytes: [UInt8]) {
      kind = Kind(rawValue: bytes[0]) ?? .failed
      message = String(decoding: bytes.dropFirst().prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// Hears, on the first rank, what others say out of turn.
  /// - Throws: The failure of a rank.
  public func listen() throws {
    if let failure = state.withLock({ $0.failure }) { throw failure }
    guard rank == 0 else { return }
    for peer in 1..<count {
      var there: Int32 = 0
      try locked { try Self.check(holstream_mpi_probe(Int32(peer), Int32(Self.wordTag), &there)) }
      guard there != 0 else { continue }
      let word = Word(try receiveWord(from: peer))
      switch word.kind {
      case .stop: state.withLock { $0.isStopAsked = true }
      case .failed: throw fail(MPIError(.peer, "rank \(peer) of \(count) failed: \(word.message)"))
      }
    }
  }

  private func receiveWord(from peer: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.wordSize)
    try bytes.withUnsafeMutableBytes { bytes in
      var request: holstream_mpi_request = 0
      var done: Int32 = 0
      try locked {
        try Self.check(
          holstream_mpi_receive(bytes.baseAddress, Int32(bytes.count), Int32(peer), Int32(Self.wordTag), &request))
      }
      // It is there already.
      while done == 0 { try locked { try Self.check(holstream_mpi_test(&request, &done)) } }
    }
    return bytes
  }

  private func say(_ word: Word) throws {
    let bytes = word.bytes
    try bytes.withUnsafeBytes { bytes in
      var request: holstream_mpi_request = 0
      try locked {
        try Self.check(
          holstream_mpi_send(bytes.baseAddress, Int32(bytes.count), 0, Int32(Self.wordTag), &request))
      }
      let end = ContinuousClock.now + .seconds(10)
      var done: Int32 = 0
      while done == 0, .now < end {
        try locked { try Self.check(holstream_mpi_test(&request, &done)) }
        if done == 0 { usleep(500) }
      }
    }
  }

  /// Whether a rank that got a signal has asked for the end.
  public var isStopAsked: Bool { state.withLock { $0.isStopAsked } }

  /// Asks the first rank to stop the run; on any other rank.
  public func askForStop() { try? say(Word(.stop)) }

  /// Tells the first rank that this one cannot go on, and waits to be ended with the others.
  public func giveUp(_ reason: String, code: Int32) -> Never {
    try? say(Word(.failed, reason))
    sleep(20)
    abort(code)
  }

  /// From now on no wait of this rank lasts longer: the others may have gone.
  public func endWaits(after limit: Duration) { state.withLock { $0.deadline = $0.deadline ?? .now + limit } }

  /// Whether a rank has failed, so that `leave` would wait for it.
  public var isBroken: Bool { state.withLock { $0.failure != nil } }

  /// Says goodbye to the others, when all do.
  public func leave() throws {
    try calls.withLock { isJoined in
      guard isJoined else { return }
      isJoined = false
      try Self.check(holstream_mpi_leave())
    }
  }

  /// Ends all ranks at once.
  public func abort(_ code: Int32) -> Never {
    holstream_mpi_abort(code)
    _exit(code)
  }

  private func fail(_ error: MPIError) -> MPIError {
    state.withLock { state in
      state.failure = state.failure ?? error
      return state.failure!
    }
  }

  private func locked(_ body: () throws -> Void) throws {
    try calls.withLock { isJoined in
      guard isJoined else { throw MPIError(.failed, "this rank has left the others already") }
      try body()
    }
  }

  private static func check(_ reason: UnsafePointer<CChar>?) throws {
    if let reason { throw MPIError(.failed, "MPI: \(String(cString: reason))") }
  }
}
