import Foundation
import Learning
import Systems
import TestSupport
import Testing
import Trajectories

@testable import Pipelines
@testable import Zarr

@Suite("Labels from a store are those of the live run", .serialized)
struct StoredLabelsTests {
  /// Disorder, a temperature, another filling and a coupling that changes: everything that labels depend on.
  private static func system(midInterval: Bool) throws -> HolsteinSystem {
    var configuration = EnsembleConfiguration(preset: .shallow, sites: 8, seed: 3)
    configuration.saveEvery = 16
    configuration.noise = 1e-2
    configuration.midInterval = midInterval
    configuration.parameters.disorder = (0..<8).map { 0.1 * Double($0) - 0.35 }
    configuration.parameters.thermalEnergy = 0.2
    configuration.parameters.filling = 0.375
    configuration.schedule = .ramp(to: 1.6, start: 0.3, duration: 2)
    return try HolsteinSystem(configuration)
  }

  private static func store(_ source: SimulatedTrajectories, _ count: Int, in folder: URL) throws -> StoredTrajectories
  {
    let url = folder.appending(path: "labels.zarr")
    let layout = TrajectoryStoreLayout(
      fields: StoreFields.fields(of: source.layout, isSingle: false, withMids: source.hasMids), framesPerChunk: 8,
      attributes: StoreFields.attributes(of: source.system, interval: source.interval, seed: 3))
    let writer = try TrajectoryStoreWriter(creating: url, layout: layout)
    let plan = try StoreFields.Plan(layout.fields, of: source.layout, in: "labels")
    for trajectory in 0..<count {
      for frame in try source.frames(of: trajectory, 0..<source.framesPerTrajectory) { try writer.append(frame, plan) }
    }
    try writer.close()
    return try StoredTrajectories(url)
  }

  @Test("The store's attributes give the same system, and the same labels to the bit", arguments: [true, false])
  func attributes(midInterval: Bool) async throws {
    let system = try Self.system(midInterval: midInterval)
    let live = SimulatedTrajectories(system, seed: 3, abreast: 2, frames: 20)
    try await withTemporaryDirectory { folder in
      let stored = try Self.store(live, 2, in: folder)
      let found = try #require(stored.system as? HolsteinSystem)
      #expect(found.parameters == system.parameters && found.schedule == system.schedule)
      #expect(stored.interval == live.interval && stored.hasMids == midInterval)
      for trajectory in 0..<2 {
        let expected = try live.window(
          of: trajectory, at: 0, steps: 19, labels: TrainingLabels(LabelRule(), of: live.system))
        let window = try stored.window(of: trajectory, at: 0, steps: 19, labels: TrainingLabels(LabelRule(), of: found))
        #expect(window == expected)
        #expect(window.tendencies?.contains { $0 != 0 } == true)
      }
    }
  }

  @Test("Forces that came with frames are the labels, live and from a store, without a second solution")
  func forces() async throws {
    let system = try HolsteinSquareSystem(
      SquareParameters(sites: 4), ElectronConfiguration(), SquareDynamics(saveEvery: 5))
    let live = SimulatedTrajectories(system, seed: 3, abreast: 1, frames: 8)
    let frames = try live.frames(of: 0, 0..<8)
    let window = try live.window(of: 0, at: 0, steps: 7, labels: TrainingLabels(LabelRule(), of: system))
    #expect(window.tendencies == frames.dropLast().flatMap { $0.tendency!.single.values })
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "forces.zarr")
      let layout = TrajectoryStoreLayout(
        fields: StoreFields.fields(of: live.layout, isSingle: true, withMids: false, withTendencies: true))
      let writer = try TrajectoryStoreWriter(creating: url, layout: layout)
      let plan = try StoreFields.Plan(layout.fields, of: live.layout, in: "forces")
      for frame in frames { try writer.append(frame, plan) }
      try writer.close()
      // Nothing says of what system it is: the labels are there all the same.
      let stored = try StoredTrajectories(url)
      #expect(!(stored.system is any DynamicalSystem) && stored.hasTendencies)
      let again = try stored.window(of: 0, at: 0, steps: 7, labels: TrainingLabels(LabelRule(), of: stored.system))
      for (field, range) in zip(stored.layout.fields, stored.layout.ranges) {
        let own = live.layout.range(field.name)
        for step in 0..<7 {
          let (a, b) = (again.tendencies!, window.tendencies!)
          let n = live.layout.count
          #expect(
            a[(step * n + range.lowerBound)..<(step * n + range.upperBound)]
              .elementsEqual(b[(step * n + own.lowerBound)..<(step * n + own.upperBound)]))
        }
      }
    }
  }

  @Test("A label is that of g at its own instant, not of the last g", arguments: [true, false])
  func schedule(midInterval: Bool) throws {
    let system = try Self.system(midInterval: midInterval)
    let source = SimulatedTrajectories(system, seed: 3, abreast: 1, frames: 16)
    let frames = try source.frames(of: 0, 0..<16)
    for index in [1, 5, 9, 15] {
      let frame = frames[index]
      let before = frames[index - 1].state.single
      let label = try TrainingLabels(LabelRule(), of: system).tendency(
        of: system, at: frame, before: before, interval: source.interval)
      func constant(_ g: Double) throws -> State<Float> {
        var configuration = system.configuration
        configuration.schedule = .constant
        configuration.parameters.coupling = g
        let system = try HolsteinSystem(configuration)
        return try TrainingLabels(LabelRule(), of: system).tendency(
          of: system, at: frame, before: before, interval: source.interval)
      }
      let time = frame.time - source.interval * (midInterval ? 0.5 : 1)
      let g = min(max((time - 0.3) / 2, 0), 1) * (1.6 - 0.8) + 0.8
      #expect(zip(label.values, try constant(g).values).allSatisfy { abs($0 - $1) <= 1e-6 })
      #expect(try g == 1.6 || label != constant(1.6))
    }
  }

  private static let chain =
    "sites: 8, trajectories: 6, frames: 40, ensembles: 1, every: 16, noise: 1e-2, mid-interval: true, disorder: 0.4, temperature: 0.1, schedule: { shape: ramp, to: 1.6, duration: 5 }"

  private func yaml(_ source: String) -> String {
    """
    name: labels
    seed: 3
    held-out-one-in: 3
    sources:
      chain: \(source)
    stages:
      train:
        from: chain
        online-trainer:
          model: { family: parc, channels: 4, blocks: 1, dropout: 0 }
          batch: 4
          window: 6
          reservoir: 10
          warm-up-frames: 60
          frames-per-step: 8
          curriculum: [{ batches: 10, steps: 1, noise: 1e-3 }, { batches: 8, steps: 3 }]
          checkpoint-every: 6
          validation: { every: 0 }
    sinks:
      store: { from: chain, zarr: { path: s.zarr, chunk: 8 } }
      metrics: { from: train, jsonl: metrics.jsonl }
    """
  }

  private func parameters(_ run: PipelineRun) throws -> [Float] {
    try Checkpoint(contentsOf: CheckpointFolder(run.directory.file("checkpoints")).file(step: 18).url).parameters
  }

  @Test("PARC learns the same to the bit live and from the store, also where g changes", .timeLimit(.minutes(15)))
  func training() async throws {
    try await withTemporaryDirectory { folder in
      let (live, _) = try await Runs.run(yaml("{ holstein: { \(Self.chain) } }"), in: folder.appending(path: "live"))
      let store = live.directory.file("s.zarr")
      let (replayed, _) = try await Runs.run(
        yaml("{ replay: { path: \(store.path) } }"), in: folder.appending(path: "replayed"))
      let expected = try parameters(live)
      #expect(try parameters(replayed) == expected)
      // Labels of the last g alone would have taught something else.
      let wrong = folder.appending(path: "wrong.zarr")
      try FileManager.default.copyItem(at: store, to: wrong)
      let root = wrong.appending(path: "zarr.json")
      var json = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: root)) as? [String: Any])
      var attributes = try #require(json["attributes"] as? [String: Any])
      #expect(attributes["disorder"] != nil && attributes["temperature"] != nil)
      attributes["g"] = 1.6
      attributes["schedule"] = ["shape": "constant"]
      json["attributes"] = attributes
      try JSONSerialization.data(withJSONObject: json).write(to: root)
      let (other, _) = try await Runs.run(
        yaml("{ replay: { path: \(wrong.path) } }"), in: folder.appending(path: "other"))
      #expect(try parameters(other) != expected)
    }
  }

  @Test(
    "A step of a run whose g changes is made again, from the store and simulated", .timeLimit(.minutes(15)),
    arguments: [true, false])
  func replayedStep(isStored: Bool) async throws {
    try await withTemporaryDirectory { folder in
      var text = yaml("{ holstein: { \(Self.chain) } }")
      if !isStored {
        text = text.replacing("  store: { from: chain, zarr: { path: s.zarr, chunk: 8 } }\n", with: "")
      }
      let (run, _) = try await Runs.run(text, in: folder)
      #expect(!FileManager.default.fileExists(atPath: run.directory.file("refused-chain.jsonl").path))
      for step in [2, 9, 17] {
        let replayed = try ReplayStepJob(step: step, directory: run.directory.url).run()
        #expect(replayed.agrees == true, "\(replayed)")
        #expect(replayed.usesStore == isStored && replayed.usesSimulator == !isStored)
      }
    }
  }
}
