import Dispatch
import Foundation
import Pipelines
import Synchronization

/// Listens to Ctrl-C, SIGTERM and SIGHUP as long as it lives: the first asks for a clean stop, the next ends the program.
final class StopSignals {
  private let sources: [any DispatchSourceSignal]

  /// - Parameter stop: Is told of the first; `Interruption` is requested already.
  init(_ stop: @escaping @Sendable () -> Void = {}) {
    // Who started the program with `nohup` does not want it to hear that the terminal was closed.
    let heard = [SIGINT, SIGTERM] + (Self.isIgnored(SIGHUP) ? [] : [SIGHUP])
    let queue = DispatchQueue(label: "signals")
    let requests = Requests()
    sources = heard.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        switch requests.state.withLock({ $0.take(at: .now) }) {
        case .stop:
          Interruption.request()
          stop()
        case .nothing: break
        // Other threads compute: what a normal exit would tidy up is in use.
        case .end: _exit(ExitStatus.interrupted.rawValue)
        }
      }
      source.resume()
      return source
    }
  }

  deinit { for source in sources { source.cancel() } }

  private final class Requests: Sendable {
    let state = Mutex(StopRequests())
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
