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
  @Flag(help: "Print it once, as a JSON object: what the run's state.json says.") var json = false

  func run() async throws {
    let directory = RunDirectory(URL(filePath: folder))
    if json { return try StandardStream.output.printResult(try RunState(of: directory).json) }
    let redraws = !once && StandardStream.output.redraws
    while true {
      let state = try RunState(of: directory)
      // Asked each time: the terminal may have another size by now.
      let size = StandardStream.output.size
      var lines = state.lines(of: directory, width: size?.columns)
      if redraws, let rows = size?.rows, lines.count >= rows { lines = Array(lines.prefix(max(1, rows - 1))) }
      // From the corner, each line to its end, and what is below.
      let shown =
        redraws
        ? "\u{1B}[H" + lines.joined(separator: "\u{1B}[K\n") + "\u{1B}[K\n\u{1B}[J" : lines.joined(separator: "\n")
      try StandardStream.output.printResult(shown)
      guard redraws, state.phase == .running else { return }
      try await Task.sleep(for: .seconds(1))
    }
  }
}
