import Foundation
import Settings
import Streams
import TestSupport
import Testing
import Trajectories

@testable import Climate
@testable import Learning
@testable import Pipelines
@testable import Systems

@Suite("The examples of docs/your-own.md")
struct ExamplesTests {
  private static func rossler(_ settings: [String] = []) throws -> Rossler {
    let diagnostics = ConfigurationDiagnostics()
    let section = try ConfigurationSection(settings, diagnostics: diagnostics)
    let system = Rossler(section, seed: 0)
    section.refuseUnknownKeys()
    try diagnostics.throwIfAny()
    return system
  }

  @Test(
    "The page shows the files that are compiled here, to the letter",
    arguments: ["Rossler", "DampedPersistence", "CrossingRate", "EveryNth"])
  func page(name: String) throws {
    let file = try String(
      contentsOf: Places.package.appending(path: "Tests/ExamplesTests/\(name).swift"), encoding: .utf8)
    let page = try String(contentsOf: Places.package.appending(path: "docs/your-own.md"), encoding: .utf8)
    #expect(page.contains(file), "docs/your-own.md lacks Tests/ExamplesTests/\(name).swift as it is")
    #expect(file.split(separator: "\n").count <= 70)
  }

  @Test("The example package has the same stage, and the page its program")
  func package() throws {
    let folder = Places.package.appending(path: "examples/every-nth/Sources/every-nth")
    let own = try String(
      contentsOf: Places.package.appending(path: "Tests/ExamplesTests/EveryNth.swift"), encoding: .utf8)
    #expect(try String(contentsOf: folder.appending(path: "EveryNth.swift"), encoding: .utf8) == own)
    let program = try String(contentsOf: folder.appending(path: "Program.swift"), encoding: .utf8)
    let page = try String(contentsOf: Places.package.appending(path: "docs/your-own.md"), encoding: .utf8)
    #expect(page.contains(program.trimmingCharacters(in: .newlines)))
  }

  @Test(
    "A pipeline file names a component of another package, with its keys checked, and the others know nothing of it")
  func foreignComponent() async throws {
    let file = Places.package.appending(path: "examples/every-nth/thin.yaml")
    #expect(throws: ConfigurationError.self) { try PipelineDescription(contentsOf: file) }
    let components = ComponentCatalogue.all + [EveryNth.self]
    #expect(throws: ConfigurationError.self) {
      try PipelineDescription(contentsOf: file, overrides: ["stages.thin.every-nth.n=0"], components: components)
    }
    try await withTemporaryDirectory { folder in
      let run = try PipelineRun(
        PipelineDescription(contentsOf: file, components: components), directory: folder, resuming: false)
      _ = try await run.execute(status: TerminalStatus(isTerminal: false))
      let log = try String(contentsOf: folder.appending(path: "thin.jsonl"), encoding: .utf8)
      #expect(log.split(separator: "\n").count == 10)
    }
    #expect(try ComponentGuide("every-nth", of: components).description.contains("Frames from one to the next"))
  }

  @Test("A system of one's own comes back from its attributes, and its tendency is that of its integrator")
  func system() throws {
    let system = try Self.rossler(["c=6", "every=5"])
    #expect(system.c == 6 && system.interval == 0.1)
    let again = try Rossler(attributes: system.attributes)
    var (first, second) = (
      try system.ensemble(0..<2, seed: 4, workers: 1), try again.ensemble(0..<2, seed: 4, workers: 2)
    )
    for _ in 0..<4 { #expect(try first.advance() == second.advance()) }
    let state = try first.advance()[0].state
    var later = state.values
    try system.with(dt: 1e-5, saveEvery: 1, midInterval: false).advance(&later, steps: 1)
    let tendency = try #require(system.tendency(of: state, at: 0))
    for k in 0..<3 { #expect(abs((later[k] - state.values[k]) / 1e-5 - tendency.values[k]) < 1e-2) }
    #expect(throws: SystemError.self) { try Rossler(attributes: ["system": "rossler", "a": 0.2]) }
  }

  @Test("A model of one's own is judged by a metric of one's own, beside persistence")
  func modelAndMetric() throws {
    let source = SimulatedTrajectories(try Self.rossler(), seed: 1, abreast: 4, frames: 200)
    let windows = try (0..<2).map { number in
      try TrainingWindow(trajectory: number, start: 0, frames: source.frames(of: number, 0..<200).map(\.state.single))
    }
    let model = try DampedPersistence(fitting: windows)
    let held = try HeldOutTruth(
      source, [.init(trajectory: 3, start: 0)], horizon: 150, reference: [.init(trajectory: 7, start: 0)])
    let rollouts = Rollouts(held.truth, model: try model.rollouts(over: held, workers: 1))
    let metrics = Metrics(Metrics.standard.all + [CrossingRate(.listing())])
    let verdict = Verdict(checkpoint: "mine", step: 1, rollouts, metrics: metrics)
    let rate = try #require(verdict.score("crossing-rate", of: "u"))
    // One turn takes about 5.9 units of time; a damped model comes to rest and crosses the mean once at most.
    let turns = try #require(rate.truth)
    #expect(abs(turns - 1 / 5.9) < 0.05 && rate.value < 1.5 / 30 && rate.noiseFloor != nil)
    #expect(verdict.numbers["crossing-rate u"] == rate.value)
    let damped = try #require(verdict.errors["u"])
    let still = Rollouts(held.truth, model: try Persistence().rollouts(over: held, workers: 1))
    #expect(try damped < #require(Verdict(checkpoint: "still", step: 0, still).errors["u"]))
  }

  @Test("A stage of one's own reads its keys and sits in a graph")
  func component() async throws {
    let section = try ConfigurationSection(["n=4"], diagnostics: ConfigurationDiagnostics())
    let stage = EveryNth(section)
    try await withTemporaryDirectory { folder in
      let description = try PipelineDescription(
        text: """
          name: own
          sources: { system: { simulate: { system: lorenz-63, trajectories: 2, frames: 9, ensembles: 1 } } }
          """)
      let got = Received()
      let pipeline = try Pipeline("own") { graph in
        let assembly = PipelineAssembly(
          graph: graph, description: description, directory: RunDirectory(folder), events: EventHub(),
          isResuming: false)
        let frames = try description.nodes[0].component.attach(description.nodes[0], to: nil, in: assembly)
        let node = PipelineDescription.Node(
          id: "thin", role: .stage, from: "system", delivery: .lossless, buffer: 4, component: stage)
        guard case .observables(let flow)? = try stage.attach(node, to: frames, in: assembly) else { return }
        graph.sink("got", reading: flow.lossless(buffer: 4), into: Collecting { got.add($0.index) })
      }
      try await pipeline.run()
      #expect(got.indices == [0, 0, 4, 4, 8, 8])
    }
  }
}

private final class Received: @unchecked Sendable {
  private let lock = NSLock()
  private var kept: [Int] = []
  func add(_ index: Int) { lock.withLock { kept.append(index) } }
  var indices: [Int] { lock.withLock { kept } }
}

/// A sink that does one thing with each element.
private struct Collecting<Input: Sendable>: Sink {
  let body: @Sendable (Input) -> Void

  init(_ body: @escaping @Sendable (Input) -> Void) { self.body = body }

  func consume(_ elements: Inlet<Input>) async throws {
    for try await element in elements { body(element) }
  }
}
