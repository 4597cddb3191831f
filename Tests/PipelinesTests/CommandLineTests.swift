import Foundation
import Learning
import Pipelines
import TestSupport
import Testing

@Suite("The command line")
struct CommandLineTests {
  let holstream: BuiltProgram
  init() throws { holstream = try BuiltProgram() }

  /// What ArgumentParser tells tools of all commands.
  private struct Help: Decodable {
    struct Command: Decodable {
      var commandName: String
      var abstract: String
      var discussion: String?
      var arguments: [Argument]?
      var subcommands: [Command]?
    }
    struct Argument: Decodable {
      struct Name: Decodable { var name: String }
      var kind: String
      var valueName: String?
      var names: [Name]?
      var abstract: String?
    }
    var command: Command
  }

  @Test("All commands have one grammar, and each teaches by example with --help")
  func help() throws {
    let (status, output) = try holstream("--experimental-dump-help")
    try #require(status == 0)
    let commands = try JSONDecoder().decode(Help.self, from: Data(output.utf8)).command.subcommands ?? []
    #expect(commands.count > 25)
    for command in commands where command.commandName != "help" {
      let (name, arguments) = (command.commandName, command.arguments ?? [])
      #expect(command.abstract.hasSuffix("."), "\(name) says in a sentence what it does")
      #expect(command.discussion?.contains("holstream \(name)") == true, "\(name) shows how it is called")
      let unsaid = arguments.filter { $0.abstract?.isEmpty != false }.map { $0.valueName ?? "" }
      #expect(unsaid.isEmpty, "\(name) says nothing of \(unsaid)")
      // What a command is about comes first; a run is its folder.
      let subjects = ["run", "pipeline", "store", "path", "file", "folder", "run|file"]
      let positional = arguments.filter { $0.kind == "positional" }.compactMap(\.valueName)
      for (place, word) in positional.enumerated() where subjects.contains(word) {
        #expect(place == 0, "\(name) has <\(word)> as argument \(place + 1)")
      }
      let options = Set(arguments.flatMap { $0.names ?? [] }.map(\.name))
      #expect(options.isDisjoint(with: ["run", "output", "o", "input", "store"]), "\(name): \(options)")
      if ["runs", "top", "why", "tap", "tail", "inspect", "compare", "judge", "climate", "sweep"].contains(name) {
        #expect(options.contains("json"), "\(name) answers scripts with --json")
      }
    }
  }

  @Test("A length is said once, in steps or in frames, and a preset knows its own")
  func lengths() async throws {
    try await withTemporaryDirectory { folder in
      func simulate(_ arguments: String...) throws -> (status: Int32, output: String) {
        try run(holstream.url, ["simulate"] + arguments, in: folder)
      }
      var (status, output) = try simulate("--system", "lorenz-63", "--frames", "7", "--out", "a.zarr")
      #expect(status == 0 && output.contains("1 trajectories of 8 frames"), "\(output)")
      (status, output) = try simulate("--from", "a.zarr", "--frames", "2", "--out", "b.zarr")
      #expect(status == 0 && output.contains("1 trajectories of 3 frames"), "\(output)")
      (status, output) = try simulate("--preset", "shallow", "--sites", "4", "--set", "every=4", "--out", "c.zarr")
      #expect(status == 0 && output.contains("1 trajectories of 301 frames"), "\(output)")
      (status, output) = try simulate("--system", "lorenz-63", "--out", "d.zarr")
      #expect(status == 64 && output.contains("--frames saved frames"), "\(output)")
      (status, output) = try simulate("--system", "lorenz-63", "--steps", "4", "--frames", "4", "--out", "d.zarr")
      #expect(status == 64 && output.contains("one or the other"), "\(output)")
      (status, output) = try simulate("--system", "lorenz-63", "--steps", "5", "--every", "2", "--out", "d.zarr")
      #expect(status == 64 && output.contains("multiple of --every (2)"), "\(output)")
    }
  }

  @Test("Completions are written for the shells, with every command in them", arguments: ["bash", "zsh", "fish"])
  func completions(shell: String) throws {
    let (status, output) = try holstream("--generate-completion-script", shell)
    #expect(status == 0)
    for word in ["sweep", "compare", "at-once"] { #expect(output.contains(word)) }
  }

  @Test("What is wrong with a file is JSON for editors, and 78 all the same")
  func problems() async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "p.yaml")
      try "sources:\n  lattice:\n    holstein: { sites: 15 }\n".write(to: file, atomically: true, encoding: .utf8)
      let (status, output) = try holstream("validate", file.path, "--json")
      #expect(status == 78)
      struct Answer: Decodable {
        var sound: Bool
        var problems: [Problem]
        struct Problem: Decodable {
          var line: Int
          var column: Int
          var path: String
        }
      }
      let answer = try JSONDecoder().decode(Answer.self, from: Data(output.utf8))
      #expect(!answer.sound && answer.problems.count == 1)
      #expect(answer.problems.first.map { [$0.line, $0.column] } == [3, 24])
    }
  }

  @Test("A misspelt option is wrong usage: 64")
  func usage() throws {
    #expect(try holstream("simulate", "--stpes", "5").status == 64)
  }

  @Test("A bad configuration is 78, with file, line, column and remedy")
  func badConfiguration() async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "p.yaml")
      try "sources:\n  lattice:\n    holstein: { sites: 15 }\n  x:\n    holstien: {}\n".write(
        to: file, atomically: true, encoding: .utf8)
      let (status, output) = try holstream("validate", file.path)
      #expect(status == 78)
      #expect(output.contains("p.yaml:3:24: sources.lattice.holstein.sites: "))
      #expect(output.contains("did you mean `holstein`?"))
    }
  }

  @Test("A store that is missing, foreign or broken is bad input: 65, and names the path")
  func badInput() async throws {
    try await withTemporaryDirectory { folder in
      let missing = folder.appending(path: "none.zarr").path
      let out = folder.appending(path: "out.zarr").path
      for arguments in [
        ["simulate", "--from", missing, "--steps", "2", "--every", "1", "--out", out],
        ["climate", missing, missing], ["inspect", missing],
        ["predict", "--checkpoint", missing, "--from", missing, "--steps", "1", "--out", out],
      ] {
        let (status, output) = try run(holstream.url, arguments)
        #expect(status == 65, "\(arguments): \(output)")
        #expect(output.contains("none.zarr"), "\(arguments): \(output)")
      }
    }
  }

  @Test("A checkpoint that cannot be read is bad input, 65, and one that cannot be written is 73")
  func exitCodesOfCheckpoints() async throws {
    #expect(ExitStatus(for: LearningError(.unreadable, "")) == .badInput)
    #expect(ExitStatus(for: LearningError(.unwritable, "")) == .unwritable)
    try await withTemporaryDirectory { folder in
      let (status, output) = try holstream("inspect", folder.appending(path: "none.safetensors").path)
      #expect(status == 65, "\(output)")
    }
  }

  @Test("An odd number of sites is refused before anything is written")
  func oddSites() async throws {
    try await withTemporaryDirectory { folder in
      let out = folder.appending(path: "out.zarr")
      let (status, output) = try holstream(
        "simulate", "--preset", "shallow", "--sites", "15", "--steps", "2", "--every", "1", "--out", out.path)
      #expect(status == 64)
      #expect(output.contains("even"))
      #expect(!FileManager.default.fileExists(atPath: out.path))
    }
  }

  private static let hasGoldenData =
    Places.golden("shallow_L16_si64") != nil && Places.golden("pred_tiny_shallow_L16_si64") != nil
    && Places.goldenFile("tiny_L16.safetensors") != nil

  @Test(
    "simulate from zarr-python's store, predict with the published checkpoint and climate fit together",
    .enabled(if: Places.hasPython, "tools/test makes the environment"),
    .enabled(if: Self.hasGoldenData, "the golden trajectories are not on this machine"))
  func simulateFromForeignStore() async throws {
    let golden = try #require(Places.golden("shallow_L16_si64"))
    let checkpoint = try #require(Places.goldenFile("tiny_L16.safetensors"))
    try await withTemporaryDirectory { folder in
      let make = """
        import sys, numpy, zarr
        golden, out = sys.argv[1:]
        group = zarr.open_group(out, mode="w")
        for name in ("rho", "Q", "P"):
            group.create_array(name, data=numpy.load(f"{golden}/{name}.npy")[None])
        group.attrs["g"] = 0.8
        """
      let from = folder.appending(path: "foreign.zarr").path
      let made = try runPython(make, [golden.path, from])
      #expect(made.status == 0, "\(made.output)")
      let truth = folder.appending(path: "truth.zarr").path
      let model = folder.appending(path: "model.zarr").path
      let simulated = try holstream(
        "simulate", "--from", from, "--frame", "0", "--steps", "640", "--every", "64", "--g", "0.8", "--out", truth)
      #expect(simulated.status == 0, "\(simulated.output)")
      let predicted = try holstream(
        "predict", "--checkpoint", checkpoint.path, "--from", from, "--frame", "0", "--steps", "10", "--out", model)
      #expect(predicted.status == 0, "\(predicted.output)")
      let check = """
        import sys, numpy, zarr
        golden, truth, model, prediction = sys.argv[1:]
        truth, model = zarr.open_group(truth, mode="r"), zarr.open_group(model, mode="r")
        for name in ("rho", "Q", "P"):
            expected = numpy.load(f"{golden}/{name}.npy")[:11]
            assert truth[name].shape[:2] == (1, 11), truth[name].shape
            assert abs(truth[name][0] - expected).max() < 1e-13, (name, abs(truth[name][0] - expected).max())
            expected = numpy.load(f"{prediction}/{name}.npy")[:11]
            assert abs(model[name][0] - expected).max() < 1e-5, (name, abs(model[name][0] - expected).max())
        print("agrees")
        """
      let prediction = try #require(Places.golden("pred_tiny_shallow_L16_si64"))
      let checked = try runPython(check, [golden.path, truth, model, prediction.path])
      #expect(checked.output.contains("agrees"), "\(checked.output)")
      let (status, output) = try holstream("climate", truth, model, "--json")
      #expect(status == 0, "\(output)")
      let json = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
      #expect(json?["autocorrelation"] != nil)
    }
  }
}
