internal import Foundation
internal import Zarr

/// Where everything in an archive of a run comes from.
struct RunProvenance: Encodable {
  struct Store: Encodable {
    var name: String
    var trajectories: Int
    var frames: Int
    /// Which make its system again.
    var attributes: [String: JSONValue]
  }

  var pipeline: String
  var seed: UInt64
  var phase: RunState.Phase
  /// What ran it: its number, the commit that it was built from, the arithmetic.
  var program: ProgramVersion?
  /// The machine code that computed it, one after the other where it went on elsewhere.
  var arithmetic: [String]
  var processor: String?
  var begun: Date?
  var ended: Date?
  var step: Int?
  var steps: Int?
  var best: RunState.Best?
  /// The checkpoint that is in the archive, and whether it is the best by the verdicts.
  var checkpoint: String?
  var checkpointIsBest: Bool?
  var stores: [Store] = []

  init(_ record: RunRecord) {
    let state = record.state
    pipeline = record.description.name
    seed = record.description.seed
    phase = state.phase
    program = state.program
    arithmetic = record.directory.arithmetic
    processor = state.process?.processor
    begun = state.begun
    ended = state.updated
    step = state.step
    steps = state.steps
    best = state.best
  }

  mutating func add(checkpoint file: CheckpointFile, isBest: Bool) {
    checkpoint = "checkpoints/\(file.url.lastPathComponent)"
    checkpointIsBest = isBest
  }

  mutating func add(store name: String, _ reader: TrajectoryStoreReader) {
    let frames = (0..<reader.trajectories).reduce(0) { $0 + reader.length($1) }
    stores.append(Store(name: name, trajectories: reader.trajectories, frames: frames, attributes: reader.attributes))
  }

  /// A line each, for the terminal.
  var contents: [String] {
    stores.map { "  \($0.name): \($0.trajectories) trajectories, \($0.frames) frames, sealed" }
      + (checkpoint.map { ["  \($0)\(checkpointIsBest == true ? ", the best" : ", the newest")"] } ?? [])
  }

  /// What whoever unpacks the archive reads first.
  func readme(_ name: String) -> String {
    var lines = ["# \(name)", "", "A run of the pipeline `\(pipeline)`, \(phase.rawValue), seed \(seed)."]
    if let program { lines.append("Computed by \(program)\(processor.map { " on an \($0)" } ?? "").") }
    if let best {
      lines.append(
        "Its best checkpoint is that of step \(best.step), by \(best.measure) (\(best.shortScore)).")
    }
    lines += [
      "", "| file | what |", "|---|---|", "| `pipeline.yaml` | the configuration as it ran |",
      "| `report.html` | the page as one file |", "| `*.jsonl` | the logs, a JSON object a line |",
      "| `provenance.json` | what computed it, from what, when |",
      "| `SHA256SUMS` | checksums; `sha256sum --check SHA256SUMS` verifies them |",
    ]
    if let checkpoint {
      lines.append(
        "| `\(checkpoint)` | the \(checkpointIsBest == true ? "best" : "newest") model, safetensors with its configuration |"
      )
    }
    lines += stores.map { "| `\($0.name)` | \($0.trajectories) trajectories, \($0.frames) frames: a Zarr v3 group |" }
    lines += [
      "", "With Holstream: `holstream inspect .`, `holstream view .`. Without:", "", "```python", "import xarray",
    ]
    lines += stores.prefix(1).map { "data = xarray.open_zarr(\"\($0.name)\", consolidated=False)" }
    lines += checkpoint.map { ["from safetensors.numpy import load_file", "weights = load_file(\"\($0)\")"] } ?? []
    return (lines + ["```", ""]).joined(separator: "\n")
  }
}
