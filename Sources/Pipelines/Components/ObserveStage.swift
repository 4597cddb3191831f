internal import Settings
internal import Streams
internal import Trajectories

/// From states to the numbers that one wants of them.
struct ObserveStage: Component, SystemAware {
  static let word = "observe"
  static let summary = "Computes observables of each frame (`observe: deltaRho, energy`)."
  static let inputs: Set<ElementType> = [.frames]
  static let output: ElementType? = .observables

  /// Nil for those that the system itself puts first.
  private let names: [String]?

  init(_ section: ConfigurationSection) {
    let text =
      section.shorthand
      ?? section.optionalText(
        "observables", "Which, with commas; without other word those that the system puts first, or its components")
    names = text?.split(separator: ",").map(\.trimmingWhitespace)
    if let names, names.isEmpty || names.contains("") { section.problem("needs the names of observables") }
  }

  func check(_ system: any SystemDescription, _ report: (String) -> Void) {
    for name in names ?? [] where system.observable(name) == nil {
      report(ClimateObservables.complaint(about: name, of: system))
    }
  }

  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow? {
    guard case .frames(let frames)? = input, let source = assembly.trajectorySource(node.from) else { return nil }
    var problems: [String] = []
    check(source.system) { problems.append($0) }
    guard problems.isEmpty else { throw RunError(.badInput, "\(node.id): \(problems.joined(separator: "; "))") }
    let observables = Late { [names] in
      let system = source.system
      return names?.compactMap(system.observable) ?? system.observables
    }
    let flow: Flow<Observation> = assembly.graph.stage(node.id, kind: Self.word, reading: node.inlet(frames)) {
      frames, emit in
      for try await frame in frames { try await emit(Observation(frame, observables.value)) }
    }
    return .observables(flow)
  }
}

extension Substring {
  var trimmingWhitespace: String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
