internal import Climate
internal import Foundation
internal import Settings
internal import Systems
internal import Learning
internal import Streams

/// The live page.
struct DashboardSink: Component {
  static let word = "page"
  static let summary = "Shows whatever flows in on the live page and in the report."
  static let inputs: Set<ElementType> = [.frames, .observables, .trainingSteps, .climate, .verdicts]
  static let output: ElementType? = nil

  private let every: Duration

  init(_ section: ConfigurationSection) {
    every = section.duration("every", default: "0 s", "Shortest time between two updates")
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let hub = assembly.events
    let every = every
    func add<Element: Sendable>(_ flow: Flow<Element>, _ events: @escaping @Sendable (Element) -> [RunEvent]) {
      assembly.graph.sink(
        node.id, kind: Self.word, reading: node.inlet(flow),
        into: Throttled(every: every) { element in
          for event in events(element) { hub.send(event) }
        })
    }
    switch input {
    case .frames(let flow): add(flow) { [Self.event(of: Observation($0))] }
    case .observables(let flow): add(flow) { [Self.event(of: $0)] }
    case .trainingSteps(let flow):
      add(flow) { record in
        [.training(step: record.report.step, values: record.numbers)]
      }
    case .climate(let flow):
      add(flow) { snapshot in
        [
          .climate(
            series: snapshot.observables.map { .init(name: $0.name, step: 1, values: $0.autocorrelation) },
            values: Dictionary(
              uniqueKeysWithValues: snapshot.observables.flatMap {
                [("\($0.name) mean", $0.mean), ("\($0.name) variance", $0.variance)]
              }))
        ]
      }
    case .verdicts(let flow): add(flow) { Self.events(of: $0) }
    case .checkpoints, nil: break
    }
    return nil
  }

  private static func event(of observation: Observation) -> RunEvent {
    .frame(trajectory: observation.trajectory, time: observation.time, values: observation.byName)
  }

  static func events(of verdict: Verdict) -> [RunEvent] {
    func series(_ kind: String) -> [RunEvent.Series] {
      ["deltaRho", "deltaQ"].map {
        .init(name: $0, step: verdict.timeStep, values: verdict.example["\($0) \(kind)"] ?? [])
      }
        + verdict.climate.autocorrelation.sorted { $0.key < $1.key }.map { name, curve in
          .init(
            name: "autocorrelation of \(name)", step: verdict.timeStep,
            values: kind == "truth" ? curve.truth : curve.other)
        }
    }
    return [
      .rollout(checkpoint: verdict.checkpoint, step: verdict.step, truth: series("truth"), model: series("model")),
      .verdict(
        checkpoint: verdict.checkpoint, step: verdict.step,
        values: (verdict.climateScore.map { ["climate score": $0] } ?? [:]).merging([
          "RMSE Δρ": verdict.errors.deltaRho, "RMSE ΔQ": verdict.errors.deltaQ, "RMSE ρ": verdict.errors.rho,
          "valid time": verdict.validTime,
          "survival": verdict.survival.last ?? 0, "trace drift": verdict.physics.traceDrift,
        ]) { $1 }, words: verdict.plainWords),
    ]
  }
}

/// A sink that passes over elements which come too soon after the last; the last one of all is never passed over.
struct Throttled<Input: Sendable>: Sink {
  let every: Duration
  let body: @Sendable (Input) -> Void

  init(every: Duration, _ body: @escaping @Sendable (Input) -> Void) {
    self.every = every
    self.body = body
  }

  func consume(_ elements: Inlet<Input>) async throws {
    var last: ContinuousClock.Instant?
    var waiting: Input?
    for try await element in elements {
      if let last, .now - last < every {
        waiting = element
        continue
      }
      body(element)
      last = .now
      waiting = nil
    }
    if let waiting { body(waiting) }
  }
}
