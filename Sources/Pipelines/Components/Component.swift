internal import Settings

/// One kind of source, stage or sink: a word in a pipeline file and the code behind it.
///
/// To add one, write a type in a file of its own and a line in `ComponentCatalogue`. The keys that `init` reads are at
/// once its parser, its checks and its documentation.
protocol Component: Sendable {
  /// The key in a pipeline file.
  static var word: String { get }
  /// One sentence for `holstream components`.
  static var summary: String { get }
  /// What it takes; empty for a source.
  static var inputs: Set<ElementType> { get }
  /// What it gives; nil for a sink.
  static var output: ElementType? { get }

  /// Reads the component's keys; problems are reported to the section.
  init(_ section: ConfigurationSection)

  /// Attaches the component to the graph.
  /// - Parameter input: What it reads, nil for a source.
  /// - Returns: What others may read, nil for a sink.
  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow?
}

extension Component {
  static var role: PipelineDescription.Role {
    inputs.isEmpty ? .source : output == nil ? .sink : .stage
  }
}

/// Every component there is.
enum ComponentCatalogue {
  static let all: [any Component.Type] = [
    HolsteinSource.self, DynamicalSystemSource.self, ReplaySource.self,
    ReplayObservablesSource.self, TailSource.self, CheckpointSource.self,
    ObserveStage.self, OnlineTrainerStage.self, RollingClimateStage.self, VerdictStage.self,
    ZarrSink.self, JSONLinesSink.self, TensorBoardSink.self, DashboardSink.self,
  ]

  static func component(_ word: String) -> (any Component.Type)? { all.first { $0.word == word } }
}

/// What `holstream components` prints, made from the lines that parse.
public struct ComponentGuide: CustomStringConvertible {
  private let word: String?

  /// - Parameter word: One component, or nil for the list of all.
  /// - Throws: `RunError` for a word that names none.
  public init(_ word: String?) throws {
    if let word, ComponentCatalogue.component(word) == nil {
      let words = ComponentCatalogue.all.map { $0.word }
      let remedy =
        Spelling.suggestion(for: word, among: words).map { "did you mean `\($0)`?" }
        ?? "there are \(words.joined(separator: ", "))"
      throw RunError(.usage, "there is no component `\(word)`; \(remedy)")
    }
    self.word = word
  }

  public var description: String {
    guard let word, let type = ComponentCatalogue.component(word) else {
      return PipelineDescription.Role.allCases.map { role in
        let lines = ComponentCatalogue.all.filter { $0.role == role }.map { type in
          "  \(type.word.padded(to: 18)) \(type.summary)"
        }
        return "\(role.rawValue)\n" + lines.joined(separator: "\n")
      }.joined(separator: "\n\n") + "\n\nKeys of one: holstream components WORD"
    }
    let section = ConfigurationSection.listing()
    _ = type.init(section)
    let takes = type.inputs.isEmpty ? "nothing" : type.inputs.map(\.rawValue).sorted().joined(separator: " or ")
    return "\(type.word): \(type.summary)\ntakes \(takes), gives \(type.output?.rawValue ?? "nothing")\n"
      + Self.keys(of: section, indent: "  ")
  }

  private static func keys(of section: ConfigurationSection, indent: String) -> String {
    let width = section.keys.map { $0.name.count + $0.value.count + 2 }.max() ?? 0
    return section.keys.map { key in
      let line = "\n\(indent)\("\(key.name): \(key.value)".padded(to: width))  \(key.meaning)"
      guard let child = section.child(named: key.name) else { return line }
      return line + keys(of: child, indent: indent + "  ")
    }.joined()
  }
}

extension String {
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
