internal import ArgumentParser
import Foundation
import Pipelines

struct TopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Watch a run from another terminal: step, loss, verdicts, and every edge with its queue.",
    discussion: """
        holstream top runs/quickstart/1
        holstream top runs/quickstart/1 --once

      Redrawn every second until the run ends or Ctrl-C. Where output is no terminal it is printed once.
      """)

  @Argument(help: ArgumentHelp("A run's folder.", valueName: "run"), completion: .directory) var folder: String
  @Flag(help: "Print it once.") var once = false

  func run() async throws {
    let directory = RunDirectory(URL(filePath: folder))
    let redraws = !once && isatty(STDOUT_FILENO) == 1
    while true {
      let state = try RunState(of: directory)
      let text = state.lines(of: directory).joined(separator: "\n")
      // From the corner, each line to its end, and what is below.
      let shown =
        redraws ? "\u{1B}[H" + text.replacingOccurrences(of: "\n", with: "\u{1B}[K\n") + "\u{1B}[K\u{1B}[J" : text
      try StandardStream.output.printResult(shown)
      guard redraws, state.phase == .running else { return }
      try await Task.sleep(for: .seconds(1))
    }
  }
}
