public import Foundation
internal import Streams

/// Waits until `condition` holds: it is asked again whenever what the folder holds has changed, for as long as the process,
/// if one is named, runs. The folder may not be there yet.
public func wait(
  for folder: URL, orEndOf process: Process? = nil, until condition: () throws -> Bool
) async rethrows {
  let stop = StopSignal()
  process?.terminationHandler = { _ in stop.request() }
  // It may have ended before it could be heard.
  if let process, !process.isRunning { stop.request() }
  // Files that are kept open tell of their growth to those alone who look.
  let watch = DirectoryWatch(folder, quiet: .milliseconds(5), timer: .milliseconds(50), stop: stop)
  for await _ in watch where try condition() { return }
}
