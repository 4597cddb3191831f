import Dispatch
import Foundation
import Pipelines

/// Where the program begins: what must come before everything else, and then the command.
@main
enum Program {
  /// Not `async`: that would have threads and descriptors of its own before the first line is reached.
  static func main() {
    StandardStream.prepare()
    let arguments: [String]
    do { arguments = try ArithmeticMode.enter(CommandLine.arguments) } catch { Holstream.finish(with: error) }
    Task {
      await Holstream.perform(arguments)
      exit(0)
    }
    dispatchMain()
  }
}
