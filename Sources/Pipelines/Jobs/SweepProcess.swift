internal import Foundation
internal import Streams

/// One run of a sweep: a process whose words go to a file, and that hears of an interruption.
struct SweepProcess: Sendable {
  private let program: URL
  private let arguments: [String]
  private let log: URL

  init(_ program: URL, _ arguments: [String], log: URL) {
    self.program = program
    self.arguments = arguments
    self.log = log
  }

  /// - Returns: Its exit status, or 128 and the number of the signal that ended it; nil where it cannot be started.
  func run() async -> Int32? {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    // What an earlier attempt said stays.
    let descriptor = open(log.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { return nil }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    process.standardOutput = handle
    process.standardError = handle
    process.standardInput = FileHandle.nullDevice
    return await withCheckedContinuation { continuation in
      process.terminationHandler = { process in
        let signalled = process.terminationReason == .uncaughtSignal
        continuation.resume(returning: process.terminationStatus + (signalled ? 128 : 0))
      }
      do { try process.run() } catch { return continuation.resume(returning: nil) }
      let identifier = process.processIdentifier
      // A terminal has told it already: two signals at once are one to it.
      Interruption.signal.onRequest { kill(identifier, SIGINT) }
    }
  }
}
