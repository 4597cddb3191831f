import Foundation
import TestSupport
import Testing

@testable import Pipelines

@Suite("The Python package", .enabled(if: Places.hasPython, "tools/test makes the environment"))
struct PythonPackageTests {
  /// Runs a script that imports the package from the sources.
  private func python(_ script: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let package = Places.package.appending(path: "tools/python").path
    return try runPython("import sys; sys.path.insert(0, '\(package)')\n" + script, arguments)
  }

  private static let compare = """
    import holstream, numpy
    store, checkpoint, predicted, frame, steps = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
    data, model, ours = holstream.open(store), holstream.load(checkpoint), holstream.open(predicted)
    for trajectory in range(data.sizes["trajectory"]):
        rollout = model.rollout(data.isel(trajectory=trajectory, time=frame), steps)
        for name in rollout.data_vars:
            there, here = ours[name].isel(trajectory=trajectory).values, rollout[name].values
            assert there.shape == here.shape, (name, there.shape, here.shape)
            assert abs(there[-1] - there[0]).max() > 0, f"{name} does not move: nothing is compared"
            worst = abs(there - here).max() / abs(there).max()
            assert worst < 1e-5, (name, trajectory, worst)
    print("agrees")
    """

  struct Case: Sendable, CustomTestStringConvertible {
    var system: [String]
    var family: String
    var settings: [String] = []
    var testDescription: String { ([system[1], family] + settings).joined(separator: " ") }
  }

  private static let lorenz = ["--system", "lorenz-63"]
  private static let ring = ["--system", "kuramoto-sivashinsky"]
  private static let chain = ["--preset", "shallow", "--sites", "8"]

  @Test(
    "Rolls every family out to the numbers of `holstream predict`, with every constraint and target",
    arguments: [
      Case(system: lorenz, family: "mlp", settings: ["activation=gelu", "zero-output=false"]),
      Case(system: lorenz, family: "mlp", settings: ["activation=tanh", "layers=2", "learns=tendency"]),
      Case(system: lorenz, family: "mlp", settings: ["activation=relu", "zero-output=false"]),
      Case(system: lorenz, family: "shplrnn", settings: ["hidden=20"]),
      Case(system: lorenz, family: "al-rnn", settings: ["latent=12", "rectified=3"]),
      Case(system: ring, family: "cnn", settings: ["channels=6", "blocks=2"]),
      Case(system: ring, family: "cnn", settings: ["channels=6", "constrain=flux", "learns=tendency"]),
      Case(system: chain, family: "cnn", settings: ["channels=6", "blocks=2"]),
      Case(system: chain, family: "cnn", settings: ["channels=6", "constrain=projection", "zero-output=false"]),
      Case(system: chain, family: "parc", settings: ["channels=6", "blocks=2", "constrain=projection"]),
    ])
  func rollsOut(_ example: Case) async throws {
    try await withTemporaryDirectory { folder in
      let program = try BuiltProgram()
      func holstream(_ arguments: [String]) throws {
        let (status, output) = try run(program.url, arguments, in: folder)
        try #require(status == 0, "\(output)")
      }
      try holstream(
        ["simulate"] + example.system
          + ["--trajectories", "3", "--seed", "5", "--steps", "320", "--every", "16", "--out", "truth.zarr"])
      let settings = (example.settings + ["batches=20", "learning-rate=0.01", "warm-up-steps=0"]).flatMap {
        ["--set", $0]
      }
      try holstream(
        ["fit", "--from", "truth.zarr", "--family", example.family] + settings + ["--out", "model.safetensors"])
      try holstream(
        // Before the first frame no model has seen anything that it could remember.
        ["predict", "--checkpoint", "model.safetensors", "--from", "truth.zarr", "--frame", "0", "--steps", "4"]
          + ["--out", "predicted.zarr"])
      let paths = ["truth.zarr", "model.safetensors", "predicted.zarr"].map { folder.appending(path: $0).path }
      let checked = try python(Self.compare, paths + ["0", "4"])
      #expect(checked.status == 0 && checked.output.contains("agrees"), "\(checked.output)")
    }
  }

  @Test("A run's folder opens as data sets, logs and its best checkpoint")
  func opensRun() async throws {
    try await withTemporaryDirectory { folder in
      let yaml = Miniature.yaml()
      try await Runs.run(yaml, in: folder.appending(path: "run"))
      let script = """
        import holstream, numpy
        run = holstream.Run(sys.argv[1])
        data = holstream.open(sys.argv[1])
        assert data.rho.dims[:2] == ("trajectory", "time") and data.rho.dtype.kind == "c", data
        assert data.attrs["g"] == 0.8 and "length" in data.coords
        assert "metrics" in run.logs and "ledger" in run.logs, run.logs
        steps = [line["report"]["step"] for line in run.lines("metrics")]
        assert steps == list(range(1, 25)) or steps == list(range(24)), steps
        state = data.isel(trajectory=0, time=0)
        named = run.best.rollout({name: state[name].values for name in ("rho", "Q", "P")}, 4)
        flat = run.best.rollout(run.best.layout.pack({name: state[name].values for name in ("rho", "Q", "P")}), 4)
        assert flat.shape == (5, 2 * 64 + 16) and numpy.array_equal(flat[:, 128:136], named["Q"])
        assert run.best.rollout(state, 4).time.values[1] == data.attrs["frame_interval"]
        assert len(run.checkpoints) > 0
        print("agrees")
        """
      let checked = try python(script, [folder.appending(path: "run").path])
      #expect(checked.status == 0 && checked.output.contains("agrees"), "\(checked.output)")
    }
  }

  @Test("What it does not know in a checkpoint it refuses by name")
  func refuses() async throws {
    let script = """
      import holstream, json, pathlib, struct
      def write(path, change):
          raw = pathlib.Path(sys.argv[1]).read_bytes()
          (length,) = struct.unpack("<Q", raw[:8])
          header = json.loads(raw[8 : 8 + length])
          model = json.loads(header["__metadata__"]["holstream.model"])
          change(header, model)
          header["__metadata__"]["holstream.model"] = json.dumps(model)
          text = json.dumps(header).encode()
          path.write_bytes(struct.pack("<Q", len(text)) + text + raw[8 + length :])
      def refused(word, change):
          path = pathlib.Path(sys.argv[1] + ".changed")
          write(path, change)
          try:
              holstream.load(path)
          except holstream.HolstreamError as error:
              assert word in str(error), error
          else:
              raise AssertionError(f"{word} was taken")
      holstream.load(sys.argv[1])
      refused("holstream.rotation", lambda header, model: header["__metadata__"].update({"holstream.rotation": "1"}))
      refused("twist", lambda header, model: model.update(twist=1))
      refused("unitarity", lambda header, model: model.update(constraint="unitarity"))
      refused("momentum", lambda header, model: model.update(learns="momentum"))
      refused("wavelet", lambda header, model: model.update(family="wavelet"))
      refused("holstream predict", lambda header, model: model.update(family="nvar"))
      refused("extra.weight", lambda header, model: header.update({"extra.weight": header["layers.0.bias"]}))
      refused("layers.0.bias", lambda header, model: header.pop("layers.0.bias"))
      refused("shape", lambda header, model: model.update(width=64))
      path = pathlib.Path(sys.argv[1] + ".cut")
      path.write_bytes(pathlib.Path(sys.argv[1]).read_bytes()[:-4])
      try:
          holstream.load(path)
      except holstream.HolstreamError as error:
          assert "outside the file" in str(error), error
      else:
          raise AssertionError("a file cut short was taken")
      print("agrees")
      """
    try await withTemporaryDirectory { folder in
      let program = try BuiltProgram()
      for arguments in [
        [
          "simulate", "--system", "lorenz-63", "--trajectories", "2", "--steps", "100", "--every", "2", "--out",
          "t.zarr",
        ],
        [
          "fit", "--from", "t.zarr", "--family", "mlp", "--set", "width=8", "--set", "batches=2", "--out",
          "m.safetensors",
        ],
      ] {
        let (status, output) = try run(program.url, arguments, in: folder)
        try #require(status == 0, "\(output)")
      }
      let checked = try python(script, [folder.appending(path: "m.safetensors").path])
      #expect(checked.status == 0 && checked.output.contains("agrees"), "\(checked.output)")
    }
  }

  @Test(
    "Rolls a published checkpoint out as the published program did",
    .enabled(if: Places.goldenFile("tiny_L16.safetensors") != nil && Places.golden("pred_tiny_shallow_L16_si64") != nil)
  )
  func rollsOutPublished() async throws {
    let script = """
      import holstream, numpy, pathlib
      model = holstream.load(sys.argv[1])
      folder = pathlib.Path(sys.argv[2])
      golden = {name: numpy.load(folder / f"{name}.npy") for name in ("rho", "Q", "P")}
      rho = golden["rho"] if numpy.iscomplexobj(golden["rho"]) else golden["rho"][..., 0] + 1j * golden["rho"][..., 1]
      steps = min(len(rho) - 1, 50)
      rollout = model.rollout({"rho": rho[0], "Q": golden["Q"][0], "P": golden["P"][0]}, steps)
      worst = max(abs(rollout[name][: steps + 1] - values[: steps + 1]).max()
                  for name, values in (("rho", rho), ("Q", golden["Q"]), ("P", golden["P"])))
      assert 0 < worst < 1e-4, worst
      print("agrees")
      """
    let weights = try #require(Places.goldenFile("tiny_L16.safetensors"))
    let golden = try #require(Places.golden("pred_tiny_shallow_L16_si64"))
    let checked = try python(script, [weights.path, golden.path])
    #expect(checked.status == 0 && checked.output.contains("agrees"), "\(checked.output)")
  }
}
