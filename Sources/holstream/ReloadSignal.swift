import Dispatch
import Foundation

/// Listens to SIGUSR1 as long as it lives. (SIGHUP says that the terminal was closed, which ends a run cleanly.)
final class ReloadSignal {
  private let source: any DispatchSourceSignal

  /// - Parameter reload: Called at each, never twice at once.
  init(_ reload: @escaping @Sendable () -> Void) {
    signal(SIGUSR1, SIG_IGN)
    source = DispatchSource.makeSignalSource(signal: SIGUSR1, queue: DispatchQueue(label: "reload"))
    source.setEventHandler(handler: reload)
    source.resume()
  }

  deinit { source.cancel() }
}
