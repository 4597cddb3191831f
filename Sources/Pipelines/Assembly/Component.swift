public import Settings

/// One kind of source, stage or sink: a word in a pipeline file and the code behind it.
///
/// To add one, write a type in a file of its own and a line in `ComponentCatalogue`; a package of its own gives the type to
/// `PipelineDescription.init(contentsOf:overrides:components:)` instead. The keys that `init` reads are at once its parser,
/// its checks and its documentation.
public protocol Component: Sendable {
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

  /// The same with the seed of the run, for what is drawn once a run.
  init(_ section: ConfigurationSection, seed: UInt64)

  /// Attaches the component to the graph.
  /// - Parameter input: What it reads, nil for a source.
  /// - Returns: What others may read, nil for a sink.
  func attach(_ node: PipelineDescription.Node, to input: AnyFlow?, in assembly: PipelineAssembly) throws -> AnyFlow?
}

extension Component {
  public init(_ section: ConfigurationSection, seed: UInt64) { self.init(section) }

  /// Where in a pipeline file it stands.
  public static var role: PipelineDescription.Role {
    inputs.isEmpty ? .source : output == nil ? .sink : .stage
  }
}
