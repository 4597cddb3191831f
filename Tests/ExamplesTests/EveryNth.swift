import Pipelines
import Settings
import Streams
import Trajectories

/// A stage that lets every n-th frame of each trajectory by: `every-nth: { n: 5 }`.
struct EveryNth: Component {
  static let word = "every-nth"
  static let summary = "Lets every n-th frame of each trajectory by, as observables."
  static let inputs: Set<ElementType> = [.frames]
  static let output: ElementType? = .observables

  private let n: Int

  init(_ section: ConfigurationSection) {
    n = section.integer("n", default: 10, in: 1...1_000_000, "Frames from one to the next")
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    guard case .frames(let frames)? = input, let source = assembly.trajectorySource(node.from) else { return nil }
    let (n, observables) = (n, source.system.observables)
    let flow: Flow<Observation> = assembly.graph.stage(node.id, kind: Self.word, reading: node.inlet(frames)) {
      frames, emit in
      for try await frame in frames where frame.index % n == 0 {
        try await emit(Observation(frame, observables))
      }
    }
    return .observables(flow)
  }
}
