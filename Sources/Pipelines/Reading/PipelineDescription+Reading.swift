public import Foundation
internal import Settings

/// How a pipeline file becomes a description: every key is read, every edge checked, all problems found in one go.
extension PipelineDescription {
  /// - Parameter components: What the file may name: the program's own, and those of whoever adds some.
  /// - Throws: `ConfigurationError` with everything that is wrong.
  public init(
    contentsOf url: URL, overrides: [String] = [], components: [any Component.Type] = ComponentCatalogue.all
  ) throws {
    let overrides = try overrides.map(ConfigurationOverride.init)
    try self.init(ConfigurationFile(contentsOf: url, overrides: overrides), overrides: overrides, components)
  }

  /// - Parameter components: As above.
  /// - Throws: `ConfigurationError` with everything that is wrong.
  public init(
    text: String, name: String = "pipeline.yaml", overrides: [String] = [],
    components: [any Component.Type] = ComponentCatalogue.all
  ) throws {
    let overrides = try overrides.map(ConfigurationOverride.init)
    try self.init(ConfigurationFile(text: text, name: name, overrides: overrides), overrides: overrides, components)
  }

  private init(
    _ file: ConfigurationFile, overrides: [ConfigurationOverride], _ components: [any Component.Type]
  ) throws {
    self.components = components
    let diagnostics = ConfigurationDiagnostics(overrides: overrides)
    let root = file.section(diagnostics)
    text = file.resolvedText
    name = root.text("name", default: "pipeline", "Name of the pipeline")
    seed = UInt64(root.integer("seed", default: 1, "Seed of everything random"))
    directory = root.text("directory", default: "runs/\(name)", "Folder for the numbered runs")
    until = root.optionalText("until", "The node whose end ends the run")
    heldOutOneIn = root.integer("held-out-one-in", default: 8, in: 1...1_000_000, "Every n-th trajectory is held out")
    var nodes: [Node] = []
    // Nodes that are there and cannot be read: that is said once, and not of everything that names them.
    var broken: Set<String> = []
    for role in Role.allCases {
      let section = root.section(role.rawValue)
      for id in section.names {
        if nodes.contains(where: { $0.id == id }) { section.problem("the name `\(id)` is taken already", key: id) }
        if let node = Self.node(id, role, section.section(id), seed: seed, among: components) {
          nodes.append(node)
        } else {
          broken.insert(id)
        }
      }
    }
    if nodes.isEmpty, broken.isEmpty { root.problem("no sources, stages or sinks") }
    if heldOutOneIn == 1, nodes.contains(where: { $0.component is any Training }) {
      root.problem("1 holds every trajectory out and leaves none to learn from", key: "held-out-one-in")
    }
    if let until, !broken.contains(until), !nodes.contains(where: { $0.id == until }) {
      let meant = Spelling.suggestion(for: until, among: nodes.map(\.id)).map { "; did you mean `\($0)`?" } ?? ""
      root.problem("there is no node `\(until)`\(meant)", key: "until")
    }
    Self.checkEdges(nodes, broken: broken, root)
    root.refuseUnknownKeys()
    try diagnostics.throwIfAny()
    self.nodes = try Self.sorted(nodes, file.name)
  }

  private static func node(
    _ id: String, _ role: Role, _ section: ConfigurationSection, seed: UInt64, among components: [any Component.Type]
  ) -> Node? {
    let from = role == .source ? nil : section.optionalText("from", "The node to read")
    let delivery =
      role == .source
      ? Delivery.lossless
      : section.choice(
        "deliver", default: "lossless", among: [("lossless", Delivery.lossless), ("latest", .latest)],
        "How elements arrive")
    let buffer =
      role == .source ? 0 : section.integer("buffer", default: 16, in: 1...1_000_000, "Elements that may wait")
    let candidates = components.filter { $0.role == role }
    let given = section.names.filter { !["from", "deliver", "buffer"].contains($0) }
    let found = candidates.filter { given.contains($0.word) }
    guard found.count == 1, given.count == 1 else {
      if found.count > 1 {
        section.problem("expected one component, got \(found.map({ $0.word }).joined(separator: " and "))")
      } else {
        let words = candidates.map { $0.word }
        let stray = given.first { name in !words.contains(name) }
        let suggestion = stray.flatMap { Spelling.suggestion(for: $0, among: words + ["from", "deliver", "buffer"]) }
        let meant = suggestion.map { "; did you mean `\($0)`?" } ?? ""
        section.problem(
          stray.map { "`\($0)` is no component of \(role.rawValue)\(meant)" }
            ?? "names no component; \(role.rawValue) are \(words.joined(separator: ", "))")
      }
      section.ignoreUnknownKeys()
      return nil
    }
    return Node(
      id: id, role: role, from: from, delivery: delivery, buffer: buffer,
      component: found[0].init(section.section(found[0].word), seed: seed))
  }

  private static func checkEdges(_ nodes: [Node], broken: Set<String>, _ root: ConfigurationSection) {
    for node in nodes where node.role != .source {
      guard let section = root.child(named: node.role.rawValue)?.child(named: node.id) else { continue }
      guard let from = node.from else {
        section.problem("says not what it reads; add `from: NODE`")
        continue
      }
      if broken.contains(from) { continue }
      guard let origin = nodes.first(where: { $0.id == from }) else {
        let names = nodes.filter { $0.role != .sink }.map(\.id)
        let meant = Spelling.suggestion(for: from, among: names).map { "; did you mean `\($0)`?" } ?? ""
        section.problem("there is no node `\(from)`\(meant)", key: "from")
        continue
      }
      let inputs = type(of: node.component).inputs
      guard let output = type(of: origin.component).output else {
        section.problem("`\(from)` is a sink and gives nothing", key: "from")
        continue
      }
      if !inputs.contains(output) {
        let takes = inputs.map(\.rawValue).sorted().joined(separator: " or ")
        section.problem(
          "`\(from)` gives \(output.rawValue), but \(type(of: node.component).word) takes \(takes)", key: "from")
      } else if let aware = node.component as? any SystemAware, let origin = origin.component as? any SystemKnowing,
        let own = section.child(named: type(of: node.component).word)
      {
        aware.check(origin.system) { own.problem($0) }
      }
    }
  }

  /// The nodes with each after the one it reads.
  private static func sorted(_ nodes: [Node], _ file: String) throws -> [Node] {
    var sorted: [Node] = []
    var rest = nodes
    while !rest.isEmpty {
      let ready = rest.filter { node in node.from.map { from in sorted.contains { $0.id == from } } ?? true }
      if ready.isEmpty {
        let names = rest.map(\.id).joined(separator: ", ")
        throw ConfigurationError([
          .init(file: file, path: "stages", message: "these read each other in a circle: \(names)")
        ])
      }
      sorted += ready
      rest.removeAll { node in ready.contains { $0.id == node.id } }
    }
    return sorted
  }
}
