import Foundation
import Learning
import Streams
import TestSupport
import Testing
import Trajectories

@testable import Pipelines

@Suite(
  "Rollouts in PyTorch",
  // `tools/compare-with-torch` runs them.
  .enabled(if: ProcessInfo.processInfo.environment["HOLSTREAM_TORCH_PYTHON"] != nil, "needs HOLSTREAM_TORCH_PYTHON"))
struct TorchRolloutTests {
  private func torch(_ arguments: [String]) throws -> (status: Int32, output: String) {
    let python = try #require(ProcessInfo.processInfo.environment["HOLSTREAM_TORCH_PYTHON"])
    let script = Places.package.appending(path: "tools/torch/load-checkpoint.py").path
    return try run(URL(filePath: python), [script] + arguments)
  }

  @Test(
    "Of a checkpoint that a run has trained are those of `holstream predict`, with and without constraints",
    .timeLimit(.minutes(15)), arguments: ["cnn", "parc"], ["projection", "spectrum", "none"])
  func agree(family: String, constraint: String) async throws {
    try await withTemporaryDirectory { folder in
      let yaml = Miniature.yaml().replacing(
        "{ family: cnn, channels: 4, blocks: 1, dropout: 0.1 }",
        with: "{ family: \(family), channels: 4, blocks: 2, dropout: 0.1, constrain: \(constraint) }")
      let (run, _) = try await Runs.run(yaml, in: folder.appending(path: "run"))
      let checkpoint = run.directory.file("checkpoints/step-00000024.safetensors")
      let store = run.directory.file("trajectories.zarr")
      let (steps, out) = (50, folder.appending(path: "out.zarr"))
      _ = try PredictJob(checkpoint: checkpoint, origin: store, frame: 0, steps: steps, output: out).run()
      let ours = try StoredTrajectories(out)
      let start = try ours.frames(of: 0, 0..<1)[0].state.single
      let (state, theirs) = (folder.appending(path: "state"), folder.appending(path: "rollout"))
      try Safetensors(tensors: ["state": .init(start.values, shape: [1, start.values.count])]).write(to: state)
      let (status, output) = try torch([checkpoint.path, state.path, theirs.path, "--steps", "\(steps)"])
      try #require(status == 0, "\(output)")
      #expect(output.contains("projected") == (constraint != "none"))
      let rollout = try #require(try Safetensors(contentsOf: theirs).tensors["states"]?.floats)
      var (worst, moved) = (0.0, 0.0)
      for (step, frame) in try ours.frames(of: 0, 1..<(steps + 1)).enumerated() {
        for (k, value) in frame.state.values.enumerated() {
          worst = max(worst, abs(value - Double(rollout[step * start.values.count + k])))
          moved = max(moved, abs(value - Double(start.values[k])))
        }
      }
      #expect(worst < 1e-5 && moved > 1e-2, "\(worst), having moved by \(moved)")
    }
  }

  @Test("What a checkpoint says and PyTorch does not do is refused by its name")
  func unknown() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "c.safetensors")
      let model = ModelConfiguration(family: .cnn, channels: 4, blocks: 1)
      let file = try ModelCatalogue.model(
        model, parameters: ModelCatalogue.type(.cnn, for: nil).initialParameters(model, seed: 1)
      ).safetensors()
      try file.write(to: url)
      #expect(try torch([url.path]).status == 0)
      let keywords = try #require(file.metadata["model_kwargs"])
      let own = try #require(file.metadata["holstream.model"])
      for (key, value, name) in [
        ("holstream.rotation", "{}", "holstream.rotation"), ("projection", "true", "projection"),
        ("holstream.model", own.replacing("{\"blocks\"", with: "{\"attention\":4,\"blocks\""), "attention"),
        ("holstream.model", own.replacing("{\"blocks\"", with: "{\"constraint\":\"flux\",\"blocks\""), "flux"),
        ("holstream.model", own.replacing("\"cnn\"", with: "\"mlp\""), "mlp"),
        ("holstream.model", "", "holstream.model"),
        ("holstream.layout", #"{"domain":{"ring":{"_0":4}},"fields":[{"name":"u","shape":[4]}]}"#, "['u']"),
      ] {
        var changed = file
        changed.metadata[key] = value
        try changed.write(to: url)
        let (status, output) = try torch([url.path])
        #expect(status != 0 && output.contains(name) && !output.contains("Traceback"), "\(key): \(output)")
      }
      var published = file
      published.metadata["holstream.model"] = nil
      published.metadata["model_kwargs"] = keywords.replacing("{\"act_func\"", with: "{\"rotary\":true,\"act_func\"")
      try published.write(to: url)
      let (status, output) = try torch([url.path])
      #expect(status != 0 && output.contains("rotary"), "\(output)")
      #expect(try torch([]).status != 0 && !torch([url.path, "state"]).output.contains("Traceback"))
    }
  }
}
