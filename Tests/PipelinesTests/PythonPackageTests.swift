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

  /// Compares rollouts with those of `holstream predict`, and a force field's forces with those of `holstream tendency`.
  private static let compare = """
    import holstream, json, numpy
    store, models = sys.argv[1], json.loads(sys.argv[2])
    data = holstream.open(store)
    for name, frame, moves in models:
        model, ours = holstream.load(f"{name}.safetensors"), holstream.open(f"{name}.zarr")
        steps = ours.sizes["time"] - 1
        for trajectory in range(data.sizes["trajectory"]):
            one = data.isel(trajectory=trajectory)
            before = one.isel(time=slice(0, frame)) if frame else None
            rollout = model.rollout(one.isel(time=frame), steps, before)
            for field in rollout.data_vars:
                there, here = ours[field].isel(trajectory=trajectory).values, rollout[field].values
                assert there.shape == here.shape and numpy.isfinite(there).all(), (name, field, there.shape, here.shape)
                assert (abs(there[-1] - there[0]).max() > 0) == moves, f"{name}: {field} does not move: nothing is compared"
                worst = abs(there - here).max() / abs(there).max()
                assert worst < 1e-5, (name, field, trajectory, worst)
        if hasattr(model._network, "tendency"):
            forces, one = holstream.open(f"{name}.forces.zarr"), data.isel(trajectory=0, time=frame)
            found = model.tendency({field: one[field].values for field in ("Q", "P")})
            worst = abs(found["P"] - forces.force.isel(trajectory=0, time=frame).values).max()
            assert worst < 1e-5 * abs(found["P"]).max(), (name, worst)
    print("agrees")
    """

  /// A system, and models that are fitted to it in few steps.
  struct Case: Sendable, CustomTestStringConvertible {
    var system: String
    var settings: [String] = []
    var steps = 320
    var every = 8
    var models: [Model]
    var testDescription: String { system }
  }

  struct Model: Sendable {
    var family: String
    var frame = 0
    var settings: [String] = []
    init(_ family: String, frame: Int = 0, _ settings: String...) {
      self.family = family
      self.frame = frame
      self.settings = settings
    }
    /// Those that take gradient steps.
    var isTrained: Bool { !["persistence", "linear-regression", "nvar", "echo-state"].contains(family) }
  }

  @Test(
    "Rolls every family out to the numbers of `holstream predict`, with every constraint and target",
    arguments: [
      Case(
        system: "lorenz-63", steps: 640,
        models: [
          Model("mlp", "activation=gelu", "zero-output=false"),
          Model("mlp", "activation=tanh", "layers=2", "learns=tendency"),
          Model("mlp", "activation=relu", "zero-output=false"),
          Model("neural-ode", "width=16"),
          Model("shplrnn", "hidden=20"),
          Model("al-rnn", "latent=12", "rectified=3"),
          Model("al-rnn", frame: 7, "latent=12", "rectified=3"),
          Model("nvar"), Model("nvar", frame: 7, "taps=3", "stride=2", "order=2"),
          Model("nvar", frame: 1, "odd=true", "scaled=false", "order=3", "ridge=1"),
          Model("echo-state", "units=30", "warm-up=6"), Model("echo-state", frame: 9, "units=30", "warm-up=6"),
          Model("linear-regression"), Model("persistence"),
        ]),
      Case(
        system: "kuramoto-sivashinsky", settings: ["points=16"],
        models: [
          Model("cnn", "channels=6", "blocks=2"), Model("cnn", "channels=6", "constrain=flux", "learns=tendency"),
          Model("fno", "width=6", "modes=9", "projection=8"),
          Model("fno", "width=6", "modes=5", "projection=8", "constrain=flux", "learns=tendency"),
          Model("gnn", "widths=6-6"), Model("gnn", "widths=6-6", "activation=gelu", "learns=tendency"),
          Model("nvar", frame: 3, "radius=1"), Model("echo-state", frame: 4, "units=20", "warm-up=6"),
          Model("linear-regression"),
        ]),
      Case(
        system: "holstein", settings: ["sites=8"], every: 16,
        models: [
          Model("cnn", "channels=6", "blocks=2"),
          Model("cnn", "channels=6", "constrain=projection", "zero-output=false"),
          Model("parc", "channels=6", "blocks=2", "constrain=projection"),
          Model("cnn", "channels=6", "constrain=spectrum", "zero-output=false"),
          Model("nvar", frame: 2, "order=1"), Model("echo-state", frame: 5, "units=10", "warm-up=6", "squares=false"),
          Model("linear-regression"),
        ]),
      Case(
        system: "holstein-square", settings: ["sites=6"], steps: 60, every: 10,
        models: [
          Model("gnn-direct", "widths=4-4"), Model("gnn-direct", "widths=4-4", "activation=gelu"),
          Model("gnn-energy", "widths=4-6", "ensemble=canonical"),
          Model("gnn-energy", "widths=4", "activation=tanh", "odd=false", "ensemble=canonical"),
          Model("descriptor-mlp", "widths=8-4"), Model("equivariant-cnn", "widths=2-2"),
          Model(
            "equivariant-cnn", "widths=2-2", "activation=relu", "elastic=learned", "density=linear",
            "ensemble=canonical"
          ),
        ]),
    ])
  func rollsOut(_ example: Case) async throws {
    try await withTemporaryDirectory { folder in
      func file(_ name: String) -> URL { folder.appending(path: name) }
      let truth = file("truth.zarr")
      _ = try SimulateJob(
        system: example.system, settings: example.settings, trajectories: 3, seed: 5, steps: example.steps,
        every: example.every, output: truth
      ).run()
      var models: [String] = []
      for (number, model) in example.models.enumerated() {
        let name = "\(number)-\(model.family)"
        let checkpoint = file("\(name).safetensors")
        let settings = model.settings + (model.isTrained ? ["batches=5", "learning-rate=0.01", "warm-up-steps=0"] : [])
        _ = try FitJob(origin: truth, family: model.family, settings: settings, seed: 1, output: checkpoint).run()
        _ = try PredictJob(
          checkpoint: checkpoint, origin: truth, frame: model.frame, steps: 4, output: file("\(name).zarr")
        ).run()
        if example.system == "holstein-square" {
          _ = try TendencyJob(origin: truth, checkpoint: checkpoint, output: file("\(name).forces.zarr")).run()
        }
        models.append("[\"\(name)\", \(model.frame), \(model.family == "persistence" ? "false" : "true")]")
      }
      let script = "import os; os.chdir('\(folder.path)')\n" + Self.compare
      let checked = try python(script, ["truth.zarr", "[\(models.joined(separator: ","))]"])
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
      refused("holstream predict", lambda header, model: model.update(family="wavelet"))
      refused("activation", lambda header, model: model.update(family="nvar"))
      refused("width", lambda header, model: model.pop("width"))
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
