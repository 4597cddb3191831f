internal import Settings
internal import Systems
internal import Streams
internal import Synchronization

/// The field's yardsticks for climates, as streams of observables.
struct DynamicalSystemSource: Component {
  static let word = "dynamical-system"
  static let summary = "Integrates Lorenz-63, Lorenz-96 or the Kuramoto–Sivashinsky equation."
  static let inputs: Set<ElementType> = []
  static let output: ElementType? = .observables

  private enum Kind: String, CaseIterable {
    case lorenz63 = "lorenz-63"
    case lorenz96 = "lorenz-96"
    case kuramotoSivashinsky = "kuramoto-sivashinsky"
  }

  private let system: any DynamicalSystem
  private let trajectories: Int
  private let frames: Int
  private let every: Int
  private let transient: Int
  private let ensembles: Int?

  init(_ section: ConfigurationSection) {
    let kind = section.choice(
      "system", default: Kind.lorenz63.rawValue, among: Kind.allCases.map { ($0.rawValue, $0) }, "The equations")
    let dt = section.number(
      "dt", default: kind == .kuramotoSivashinsky ? 0.25 : 0.01, in: 1e-6...1, "Time step")
    let sites = section.integer("sites", default: 40, in: 4...4096, "Sites of Lorenz-96")
    let forcing = section.number("forcing", default: 8, in: -1e3...1e3, "F of Lorenz-96")
    let length = section.number("length", default: 22, in: 1...1e4, "Period of Kuramoto–Sivashinsky")
    let points = section.integer("points", default: 64, in: 8...1024, "Grid points of Kuramoto–Sivashinsky")
    trajectories = section.integer("trajectories", default: 8, in: 1...100_000, "Trajectories, abreast")
    frames = section.integer("frames", default: 1000, in: 1...100_000_000, "Frames of each trajectory")
    every = section.integer(
      "every", default: kind == .kuramotoSivashinsky ? 4 : 10, in: 1...1_000_000, "Steps between frames")
    transient = section.integer("transient", default: 1000, in: 0...1_000_000_000, "Steps before the first frame")
    ensembles = section.optionalInteger("ensembles", in: 1...1_000_000, "Ensembles; without end when left out")
    system =
      switch kind {
      case .lorenz63: Lorenz63(dt: dt)
      case .lorenz96: Lorenz96(sites: sites, forcing: forcing, dt: dt)
      case .kuramotoSivashinsky: KuramotoSivashinsky(length: length, points: points, dt: dt)
      }
  }

  private struct State {
    var ensemble = 0
    var frame = 0
    var next = 0
    var states: [[Double]] = []
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    let (system, count, frames, every, transient, last) = (system, trajectories, frames, every, transient, ensembles)
    let (names, seed) = (system.names, assembly.description.seed)
    let state = Mutex(State())
    let flow: Flow<Observation> = assembly.graph.source(
      node.id, kind: Self.word, on: ThreadExecutor(name: node.id)
    ) {
      try state.withLock { state in
        if state.next == count { (state.next, state.frame) = (0, state.frame + 1) }
        if state.frame == frames { state = State(ensemble: state.ensemble + 1) }
        if let last, state.ensemble >= last { return nil }
        let trajectory = state.ensemble * count + state.next
        if state.frame == 0 {
          state.states.append(try system.initialState(seed: seed, trajectory: trajectory))
          system.advance(&state.states[state.next], steps: transient)
        } else {
          system.advance(&state.states[state.next], steps: every)
        }
        defer { state.next += 1 }
        return Observation(
          trajectory: trajectory, index: state.frame, time: Double(transient + state.frame * every) * system.dt,
          names: names, values: state.states[state.next])
      }
    }
    return .observables(flow)
  }
}
