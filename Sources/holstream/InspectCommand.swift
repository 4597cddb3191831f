internal import ArgumentParser
import Foundation
import Pipelines

struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what a run, a store, a checkpoint or a log holds, verify it, or salvage a store after an accident.",
    discussion: """
        holstream inspect runs/quickstart/1 --json
        holstream inspect runs/quickstart/1/trajectories.zarr
        holstream inspect runs/quickstart/1/trajectories.zarr --verify
        holstream inspect runs/quickstart/1/trajectories.zarr --follow
        holstream inspect step-00010000.safetensors
        holstream inspect runs/quickstart/1/metrics.jsonl

      --verify reads every chunk against its checksum. --repair says what it would change; nothing is touched until \
      --apply is given too. --follow tells of new frames as they are stored, until nobody writes to the store any more.
      """)

  @Argument(
    help: "A run's folder, a store (folder), a checkpoint (.safetensors) or a log (.jsonl).", completion: .file())
  var path: String
  @Flag(help: "Read every chunk and check it.") var verify = false
  @Flag(help: "Find what a crash left behind and how to mend it.") var repair = false
  @Flag(help: "With --repair: mend it.") var apply = false
  @Flag(help: "Tell of new frames as they are stored.") var follow = false

  @Flag(help: "Answer with a JSON object.") var json = false

  func validate() throws {
    if json && (repair || follow) { throw ValidationError("--json goes neither with --repair nor with --follow.") }
    if apply && !repair { throw ValidationError("--apply goes with --repair.") }
    if follow && (verify || repair) { throw ValidationError("--follow goes alone.") }
  }

  func run() async throws {
    let job = InspectJob(url: URL(filePath: path), verify: verify, repair: repair, apply: apply, json: json)
    if follow {
      let output = followedOutput()
      return try await interruptible { try job.follow(output) }
    }
    try StandardStream.output.printResult(try await interruptible { try job.run() })
  }
}
