internal import Climate
internal import Learning
internal import Settings
internal import Streams
internal import Trajectories

/// The live page.
struct DashboardSink: Component, Changeable {
  static let word = "page"
  static let summary = "Shows whatever flows in on the live page and in the report."
  static let inputs: Set<ElementType> = [.frames, .observables, .trainingSteps, .climate, .verdicts]
  static let output: ElementType? = nil
  static let changeableKeys: Set<String> = ["every"]

  private let every: Duration

  init(_ section: ConfigurationSection) {
    every = section.duration("every", default: "0 s", "Shortest time between two updates")
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let charts = EventCharts(assembly.description.source(above: node.from, assembly.trajectorySource))
    let (hub, live) = (assembly.events, assembly.live(self, of: node))
    func add<Element: Sendable>(
      _ flow: Flow<Element>, trajectory: (@Sendable (Element) -> Int)? = nil,
      _ events: @escaping @Sendable (Element) -> [RunEvent]
    ) {
      assembly.graph.sink(
        node.id, kind: Self.word, reading: node.inlet(flow),
        into: Throttled(every: { live.value.every }, trajectory: trajectory) { element in
          for event in events(element) { hub.send(event) }
        })
    }
    switch input {
    case .frames(let flow):
      add(flow) {
        $0.trajectory
      } _: {
        charts.events(of: $0)
      }
    case .observables(let flow):
      add(flow) {
        $0.trajectory
      } _: {
        charts.events(of: $0)
      }
    case .trainingSteps(let flow): add(flow) { EventCharts.events(of: $0) }
    case .climate(let flow): add(flow) { charts.events(of: $0) }
    case .verdicts(let flow): add(flow) { charts.events(of: $0) }
    case .checkpoints, nil: break
    }
    return nil
  }
}

/// A sink that passes over elements which come too soon after the last, and those of other trajectories than the one that
/// is followed; the last element of all is never passed over.
struct Throttled<Input: Sendable>: Sink {
  let every: @Sendable () -> Duration
  /// The trajectory that an element is of, when one of them is to be followed.
  let trajectory: (@Sendable (Input) -> Int)?
  let body: @Sendable (Input) -> Void

  func consume(_ elements: Inlet<Input>) async throws {
    var last: ContinuousClock.Instant?
    var waiting: Input?
    var followed = FollowedTrajectory()
    for try await element in elements {
      if let trajectory, !followed.admits(trajectory(element)) { continue }
      if let last, .now - last < every() {
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

/// Chooses one of several trajectories that come mixed, and the next one when that falls silent.
struct FollowedTrajectory {
  private var current: Int?
  private var silence = 0
  private var longestSilence = 0

  /// Whether an element of this trajectory is one to show.
  mutating func admits(_ trajectory: Int) -> Bool {
    if trajectory == current {
      longestSilence = max(longestSilence, silence)
      silence = 0
      return true
    }
    silence += 1
    // Silent for far longer than ever while it went on: it has ended.
    guard current == nil || silence > 16 + 4 * longestSilence else { return false }
    (current, silence, longestSilence) = (trajectory, 0, 0)
    return true
  }
}
