internal import Climate
internal import Settings
internal import Systems
internal import Streams

/// Rolling statistics of the live stream: of Δρ and ΔQ of frames, or of the observables that come.
struct RollingClimateStage: Component {
  static let word = "rolling-climate"
  static let summary =
    "Keeps statistics and autocorrelation of observables (Δρ and ΔQ of frames) over a sliding window."
  static let inputs: Set<ElementType> = [.frames, .observables]
  static let output: ElementType? = .climate

  private let window: Int
  private let lag: Int
  private let every: Int
  private let halfLife: Double?
  private let alerts: Alerts

  init(_ section: ConfigurationSection) {
    window = section.integer("window", default: 4096, in: 2...10_000_000, "Frames in the window")
    lag = section.integer("lag", default: 100, in: 1...100_000, "Longest lag of the autocorrelation, in frames")
    every = section.integer("every", default: 500, in: 1...1_000_000_000, "Frames between two summaries")
    halfLife = section.optionalNumber(
      "half-life", "Frames after which a frame counts half; takes the place of the window")
    if let halfLife, !(halfLife > 0) { section.problem("must be positive", key: "half-life") }
    alerts = Alerts(section)
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let flow: Flow<ClimateSnapshot>
    switch input {
    case .frames(let frames):
      flow = try summaries(of: frames, node, assembly) {
        Observation($0)
      } state: {
        $0.state
      }
    case .observables(let observables):
      flow = try summaries(of: observables, node, assembly) {
        $0
      } state: { _ in
        nil
      }
    default: return nil
    }
    return .climate(flow)
  }

  private func summaries<Element: Sendable>(
    of flow: Flow<Element>, _ node: PipelineDescription.Node, _ assembly: PipelineAssembly,
    _ observation: @escaping @Sendable (Element) -> Observation,
    state: @escaping @Sendable (Element) -> LatticeState?
  ) throws -> Flow<ClimateSnapshot> {
    let (window, lag, every, halfLife, alerts) = (window, lag, every, halfLife, alerts)
    let interval = node.from.flatMap { assembly.frameSource($0)?.interval }
    return assembly.graph.stage(node.id, kind: Self.word, reading: node.inlet(flow)) { elements, emit in
      var climate: MonitoredClimate?
      var watch = try alerts.watch(node.id, in: assembly)
      func summarise() async throws {
        guard let snapshot = climate?.summary(timeStep: interval) else { return }
        try watch?.observe(snapshot.numbers, isComplete: snapshot.drift != nil)
        try await emit(snapshot)
      }
      for try await element in elements {
        let observation = observation(element)
        if climate == nil {
          climate = MonitoredClimate(names: observation.names, window: window, maximumLag: lag, halfLife: halfLife)
        }
        guard climate!.names == observation.names else {
          throw RunError(
            .badInput,
            "\(node.id): trajectory \(observation.trajectory) brings \(observation.names) where others bring \(climate!.names)"
          )
        }
        climate!.add(trajectory: observation.trajectory, values: observation.values, state: state(element))
        if climate!.seen % every == 0 { try await summarise() }
      }
      if let climate, climate.seen % every != 0 { try await summarise() }
    }
  }
}
