import Dashboard
import Foundation
import Pipelines
import ServiceLifecycle
import Synchronization

/// Runs a pipeline to its end with its page and its report; the first signal stops it cleanly.
/// - Parameters:
///   - directory: The run's own folder; the next number, or the latest one when resuming, if nil.
///   - ranks: Other processes that share its work; nil for none.
///   - workers: Who does work of it elsewhere.
///   - file: A file whose changes reload the pipeline, too; nil for none.
///   - reading: Reads the pipeline anew when SIGUSR1 asks for it; nil where there is no file to read.
func perform(
  _ description: PipelineDescription, directory: String?, resuming: Bool, page: PageOptions,
  ranks: RankedRun? = nil, workers: RunWorkers = RunWorkers(), watching file: URL? = nil,
  reading: (@Sendable () throws -> PipelineDescription)? = nil
) async throws {
  let status = TerminalStatus()
  let running = Running()
  let signals = StopSignals {
    status.print("Stopping: what was emitted is stored and a checkpoint written. Another signal ends it at once.")
    running.run.withLock { $0?.stop() }
    ranks?.isStopping()
  }
  defer { withExtendedLifetime(signals) {} }
  for sentence in try ranks?.begin(description) ?? [] { status.print(sentence) }
  let run = try PipelineRun(
    description, directory: directory.map { URL(filePath: $0) }, resuming: resuming, program: .current, ranks: ranks,
    workers: workers)
  running.run.withLock { $0 = run }
  let reloads = reading.map { reading in
    let reload: @Sendable () -> Void = { run.reload { try reading() } }
    return (ReloadSignal(reload), file.map { FileWatch($0, changed: reload) })
  }
  defer { withExtendedLifetime(reloads) {} }
  // It may have been asked for while the run was put together.
  if Interruption.isRequested { run.stop() }
  ranks?.watch {
    run.stop()
    ranks?.isStopping()
  }
  let summary = try await run.execute(alongside: page.services(for: run, status), status: status) { events in
    Report(title: run.description.name, events: events).html
  }
  StandardStream.output.print(summary)
}

/// The run that signals stop, once there is one.
private final class Running: Sendable {
  let run = Mutex<PipelineRun?>(nil)
}
