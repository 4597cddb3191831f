internal import Climate
internal import Lattice
internal import Streams

/// Rolling statistics of the live stream: of Δρ and ΔQ of frames, or of the observables that come.
struct RollingClimateStage: Component {
  static let word = "rolling-climate"
  static let summary = "Keeps statistics and autocorrelation of observables (Δρ and ΔQ of frames) over a sliding window."
  static let inputs: Set<ElementType> = [.frames, .observables]
  static let output: ElementType? = .climate

  private let window: Int
  private let lag: Int
  private let every: Int

  init(_ section: ConfigurationSection) {
    window = section.integer("window", default: 4096, in: 2...10_000_000, "Frames in the window")
    lag = section.integer("lag", default: 100, in: 1...100_000, "Longest lag of the autocorrelation, in frames")
    every = section.integer("every", default: 500, in: 1...1_000_000_000, "Frames between two summaries")
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let flow: Flow<ClimateSnapshot>
    switch input {
    case .frames(let frames): flow = summaries(of: frames, node, assembly) { Observation($0) }
    case .observables(let observables): flow = summaries(of: observables, node, assembly) { $0 }
    default: return nil
    }
    return .climate(flow)
  }

  private func summaries<Element: Sendable>(
    of flow: Flow<Element>, _ node: PipelineDescription.Node, _ assembly: PipelineAssembly,
    _ observation: @escaping @Sendable (Element) -> Observation
  ) -> Flow<ClimateSnapshot> {
    let (window, lag, every) = (window, lag, every)
    return assembly.graph.stage(node.id, kind: Self.word, reading: node.inlet(flow)) { elements, emit in
      var climate: RollingClimate?
      for try await element in elements {
        let observation = observation(element)
        if climate == nil { climate = RollingClimate(names: observation.names, window: window, maximumLag: lag) }
        guard climate!.names == observation.names else {
          throw RunError(
            .badInput,
            "\(node.id): trajectory \(observation.trajectory) brings \(observation.names) where others bring \(climate!.names)"
          )
        }
        climate!.add(trajectory: observation.trajectory, values: observation.values)
        if climate!.seen % every == 0 { try await emit(climate!.snapshot()) }
      }
      if let climate, climate.seen % every != 0 { try await emit(climate.snapshot()) }
    }
  }
}
