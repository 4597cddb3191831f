import Foundation
import Pipelines

/// A place for lines that come one by one, for as long as somebody reads them: the program ends with its reader.
func followedOutput() -> @Sendable (String) -> Void {
  Thread.detachNewThread {
    StandardStream.output.waitUntilAbandoned()
    Foundation.exit(0)
  }
  return { StandardStream.output.print($0) }
}
