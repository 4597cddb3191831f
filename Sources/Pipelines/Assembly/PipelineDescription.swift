internal import Foundation
internal import Settings

/// A pipeline file, understood and checked: what `holstream validate` approves and `holstream run` assembles.
public struct PipelineDescription: Sendable {
  public enum Role: String, Sendable, CaseIterable {
    case source = "sources"
    case stage = "stages"
    case sink = "sinks"
  }

  public enum Delivery: String, Sendable {
    /// Every element in order; a full buffer makes the sender wait.
    case lossless
    /// The newest element only; the sender never waits.
    case latest
  }

  /// One source, stage or sink.
  public struct Node: Sendable {
    public let id: String
    public let role: Role
    /// The node that this one reads; nil for a source.
    public let from: String?
    public let delivery: Delivery
    /// Elements that may wait on the edge into this node.
    public let buffer: Int
    let component: any Component
  }

  public let name: String
  /// Seed of everything random in the run.
  public let seed: UInt64
  /// Where numbered runs of this pipeline are kept.
  public let directory: String
  /// The node whose end ends the run; nil to run until stopped.
  public let until: String?
  /// Every n-th trajectory is held out: never trained on, judged by.
  public let heldOutOneIn: Int
  /// The nodes, sources first, each after the one it reads.
  public let nodes: [Node]
  /// The file with its overrides applied.
  public let text: String
  /// The components that it may be made of.
  let components: [any Component.Type]
}

extension PipelineDescription {
  /// A short name for everything that the file says: it changes with any key.
  var fingerprint: String {
    // FNV-1a: to tell settings apart, not to protect anything.
    let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    return String(hash, radix: 16)
  }

  /// Whether a trajectory is never trained on, but judged by.
  func isHeldOut(_ trajectory: Int) -> Bool { trajectory % heldOutOneIn == heldOutOneIn - 1 }

  /// The pipeline as a tree, sources at the root.
  public var tree: String {
    var lines = [name]
    func add(_ children: [Node], _ indent: String) {
      for (index, node) in children.enumerated() {
        let last = index == children.count - 1
        let how = node.role == .source ? "" : node.delivery == .latest ? " (latest)" : " (lossless, \(node.buffer))"
        lines.append("\(indent)\(last ? "└── " : "├── ")\(node.id): \(type(of: node.component).word)\(how)")
        add(nodes.filter { $0.from == node.id }, indent + (last ? "    " : "│   "))
      }
    }
    add(nodes.filter { $0.role == .source }, "")
    return lines.joined(separator: "\n")
  }

  /// The pipeline as a Mermaid flow chart.
  public var mermaid: String {
    let identifier = { (id: String) in id.map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined() }
    let boxes = nodes.map { "  \(identifier($0.id))[\"\($0.id)<br/>\(type(of: $0.component).word)\"]" }
    let edges = nodes.compactMap { node in
      node.from.map {
        "  \(identifier($0)) -->|\(node.delivery == .latest ? "latest" : "\(node.buffer)")| \(identifier(node.id))"
      }
    }
    return (["flowchart LR"] + boxes + edges).joined(separator: "\n")
  }
}
