internal import Climate
internal import Lattice
internal import Streams

/// Rolling statistics of the order parameters of the live stream.
struct RollingClimateStage: Component {
  static let word = "rolling-climate"
  static let summary = "Keeps statistics and autocorrelation of Δρ and ΔQ over a sliding window of the stream."
  static let inputs: Set<ElementType> = [.frames]
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
    guard case .frames(let frames)? = input else { return nil }
    let (window, lag, every) = (window, lag, every)
    let flow: Flow<ClimateSnapshot> = assembly.graph.stage(node.id, kind: Self.word, reading: node.inlet(frames)) {
      frames, emit in
      var climate = RollingClimate(names: ["deltaRho", "deltaQ"], window: window, maximumLag: lag)
      for try await frame in frames {
        climate.add(trajectory: frame.trajectory, values: [frame.state.deltaRho, frame.state.deltaQ])
        if climate.seen % every == 0 { try await emit(climate.snapshot()) }
      }
      if climate.seen > 0, climate.seen % every != 0 { try await emit(climate.snapshot()) }
    }
    return .climate(flow)
  }
}
