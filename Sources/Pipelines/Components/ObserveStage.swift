internal import Settings
internal import Systems
internal import Streams

/// From states to the numbers that one wants of them.
struct ObserveStage: Component {
  static let word = "observe"
  static let summary = "Computes observables of each frame (`observe: deltaRho, energy`)."
  static let inputs: Set<ElementType> = [.frames]
  static let output: ElementType? = .observables

  private let observables: [HolsteinObservable]

  init(_ section: ConfigurationSection) {
    let words = HolsteinObservable.allCases.map(\.rawValue)
    let text =
      section.shorthand
      ?? section.text("observables", default: "deltaRho, deltaQ", "Which, of \(words.joined(separator: ", "))")
    observables = text.split(separator: ",").compactMap { part in
      let word = part.trimmingWhitespace
      if let observable = HolsteinObservable(rawValue: word) { return observable }
      let remedy =
        Spelling.suggestion(for: word, among: words).map { "did you mean `\($0)`?" }
        ?? "there are \(words.joined(separator: ", "))"
      section.problem("there is no observable `\(word)`; \(remedy)")
      return nil
    }
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    guard case .frames(let frames)? = input, let source = assembly.frameSource(node.from) else { return nil }
    let (observables, parameters) = (observables, source.parameters)
    let names = observables.map(\.rawValue)
    let flow: Flow<Observation> = assembly.graph.stage(node.id, kind: Self.word, reading: node.inlet(frames)) {
      frames, emit in
      for try await frame in frames {
        try await emit(
          Observation(
            trajectory: frame.trajectory, index: frame.index, time: frame.time, names: names,
            values: observables.map { $0.value(of: frame.state, parameters) }))
      }
    }
    return .observables(flow)
  }
}

extension Substring {
  var trimmingWhitespace: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
