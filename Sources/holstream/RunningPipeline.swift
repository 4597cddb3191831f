import Dashboard
import Foundation
import Pipelines
import ServiceLifecycle
import Synchronization

/// Runs a pipeline to its end with its page and its report; the first signal stops it cleanly.
/// - Parameters:
///   - directory: The run's own folder; the next number, or the latest one when resuming, if nil.
func perform(_ description: PipelineDescription, directory: String?, resuming: Bool, page: PageOptions) async throws {
  let status = TerminalStatus()
  let running = Running()
  let signals = StopSignals {
    status.print("Stopping: what was emitted is stored and a checkpoint written. Another signal ends it at once.")
    running.run.withLock { $0?.stop() }
  }
  defer { withExtendedLifetime(signals) {} }
  let run = try PipelineRun(
    description, directory: directory.map { URL(filePath: $0) }, resuming: resuming, program: .current)
  running.run.withLock { $0 = run }
  // It may have been asked for while the run was put together.
  if Interruption.isRequested { run.stop() }
  let summary = try await run.execute(alongside: page.services(for: run, status), status: status) { events in
    Report(title: run.description.name, events: events).html
  }
  StandardStream.output.print(summary)
}

/// The run that signals stop, once there is one.
private final class Running: Sendable {
  let run = Mutex<PipelineRun?>(nil)
}
