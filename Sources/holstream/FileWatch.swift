import Dispatch
import Foundation
import Pipelines

/// Looks at a file every second as long as it lives, also where no notice of changes comes, as on a network's disk.
final class FileWatch {
  private let timer: any DispatchSourceTimer

  /// - Parameter changed: Called when the file holds something new, never twice at once.
  init(_ file: URL, changed: @escaping @Sendable () -> Void) {
    timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "reload on change"))
    var change = FileChange(try? Data(contentsOf: file))
    timer.setEventHandler { if change.isNew(try? Data(contentsOf: file)) { changed() } }
    timer.schedule(deadline: .now() + .seconds(1), repeating: .seconds(1), leeway: .milliseconds(200))
    timer.resume()
  }

  deinit { timer.cancel() }
}
