internal import Climate
internal import Settings
internal import Streams
internal import Trajectories

/// Rolling statistics of the live stream: of observables of frames, or of those that come.
struct RollingClimateStage: Component, SystemAware, Changeable {
  static let word = "rolling-climate"
  static let summary =
    "Keeps statistics and autocorrelation of observables over a sliding window."
  static let inputs: Set<ElementType> = [.frames, .observables]
  static let output: ElementType? = .climate
  static let changeableKeys: Set<String> = ["alert", "every"]

  private let window: Int
  private let lag: Int
  private let every: Int
  private let halfLife: Double?
  private let observables: [String]?
  private let alerts: Alerts

  init(_ section: ConfigurationSection) {
    window = section.integer("window", default: 4096, in: 2...10_000_000, "Frames in the window")
    lag = section.integer("lag", default: 100, in: 1...100_000, "Longest lag of the autocorrelation, in frames")
    every = section.integer("every", default: 500, in: 1...1_000_000_000, "Frames between two summaries")
    halfLife = section.optionalNumber(
      "half-life", "Frames after which a frame counts half; takes the place of the window")
    if let halfLife, !(halfLife > 0) { section.problem("must be positive", key: "half-life") }
    observables = section.optionalText(
      "observables", "What is looked at of frames, with commas; what the system puts first when left out")?
      .split(separator: ",").map(\.trimmingWhitespace)
    alerts = Alerts(section)
  }

  func check(_ system: any SystemDescription, _ report: (String) -> Void) {
    for name in observables ?? [] where system.observable(name) == nil {
      report(ClimateObservables.complaint(about: name, of: system))
    }
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let flow: Flow<ClimateSnapshot>
    switch input {
    case .frames(let frames):
      guard let source = assembly.trajectorySource(node.from) else { return nil }
      let names = try ClimateObservables.named(observables, of: source.system).map(\.name)
      let seen = Late {
        let system = source.system
        return (system: system, observables: names.compactMap(system.observable))
      }
      flow = try summaries(of: frames, node, assembly, interval: { source.interval }) {
        _ in
        names
      } add: { climate, frame in
        climate.add(frame, of: seen.value.system, seen.value.observables)
      }
    case .observables(let observables):
      flow = try summaries(of: observables, node, assembly, interval: { nil }) {
        $0.names
      } add: { climate, observation in
        climate.add(trajectory: observation.trajectory, values: observation.values)
      }
    default: return nil
    }
    return .climate(flow)
  }

  private func summaries<Element: StoredElement>(
    of flow: Flow<Element>, _ node: PipelineDescription.Node, _ assembly: PipelineAssembly,
    interval: @escaping @Sendable () -> Double?,
    names: @escaping @Sendable (Element) -> [String],
    add: @escaping @Sendable (inout MonitoredClimate, Element) -> Void
  ) throws -> Flow<ClimateSnapshot> {
    let (window, lag, halfLife) = (window, lag, halfLife)
    let live = assembly.live(self, of: node)
    return assembly.graph.stage(
      node.id, kind: Self.word, reading: node.inlet(flow), on: ThreadExecutor(name: node.id)
    ) { elements, emit in
      var climate: MonitoredClimate?
      var (now, version) = (live.value, 0)
      var watch = try now.alerts.watch(node.id, in: assembly)
      func summarise() async throws {
        guard let snapshot = climate?.summary(timeStep: interval()) else { return }
        try watch?.observe(
          snapshot.numbers, at: ("frames seen", snapshot.seen), isComplete: snapshot.drift != nil)
        try await emit(snapshot)
      }
      for try await element in elements {
        let names = names(element)
        if climate == nil {
          climate = MonitoredClimate(names: names, window: window, maximumLag: lag, halfLife: halfLife)
        }
        guard climate!.names == names else {
          throw RunError(
            .badInput,
            "\(node.id): trajectory \(element.trajectory) brings \(names) where others bring \(climate!.names)")
        }
        add(&climate!, element)
        if let change = live.change(since: &version) {
          now = change.value
          watch = try now.alerts.watch(node.id, in: assembly)
        }
        if climate!.seen % now.every == 0 { try await summarise() }
      }
      if let climate, climate.seen % now.every != 0 { try await summarise() }
    }
  }
}
