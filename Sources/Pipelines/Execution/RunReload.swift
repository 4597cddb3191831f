internal import Disk
internal import Foundation
internal import Streams
internal import Synchronization

/// Takes over, while a run goes on, what has changed in its pipeline file: all of it, or nothing where a key is among it that
/// cannot be changed.
final class RunReload: Sendable {
  private let assembly: PipelineAssembly
  private let current: Mutex<PipelineDescription>
  private let adopted = Mutex<@Sendable (PipelineDescription) -> Void>({ _ in })

  init(_ assembly: PipelineAssembly) {
    self.assembly = assembly
    current = Mutex(assembly.description)
  }

  /// Tells `body` of each change that has been taken over.
  func onAdoption(_ body: @escaping @Sendable (PipelineDescription) -> Void) { adopted.withLock { $0 = body } }

  /// - Parameter read: The pipeline file as it is now.
  func callAsFunction(_ read: () throws -> PipelineDescription) {
    let new: PipelineDescription
    do { new = try read() } catch { return say("Not reloaded, nothing was changed: \(error)") }
    let before = current.withLock { $0 }
    let changes = new.differences(from: before)
    guard !changes.isEmpty else {
      return say("Nothing to reload: the run goes on with the configuration \(before.fingerprint).")
    }
    let changed = changes.map { change in (change, node: new.nodes.first { Self.canChange(change.path, of: $0) }) }
    let refused = changed.filter { $0.node == nil }.map(\.0.words)
    guard refused.isEmpty else {
      let keys = new.nodes.flatMap(Self.changeable)
      return say(
        "Not reloaded, nothing was changed: \(refused.joined(separator: "; ")). That cannot change while the run goes on; "
          + (keys.isEmpty ? "no key of this pipeline can." : "these can: \(keys.joined(separator: ", ")).")
          + " Stop it and start a new one.")
    }
    current.withLock { $0 = new }
    let words = changes.map(\.words).joined(separator: "; ")
    let ids = Set(changed.compactMap { $0.node?.id })
    let waiting = Countdown(ids.count)
    for node in new.nodes where ids.contains(node.id) {
      assembly.replace(node) { [self] in if waiting.isLast() { confirm(words) } }
    }
  }

  /// Only now the run's folder says so: what goes on from there finds checkpoints of the same configuration.
  private func confirm(_ words: String) {
    let now = current.withLock { $0 }
    do {
      let file = assembly.directory.file("pipeline.yaml")
      guard
        try assembly.patience.blocking(
          "pipeline.yaml",
          {
            try WholeFile.replace(file.path, with: now.text, durability: .complete)
          }) != nil
      else { return }
    } catch { return say("What was reloaded holds for this process alone: \(error)") }
    adopted.withLock { $0 }(now)
    say("Reloaded: \(words). Configuration \(now.fingerprint).")
  }

  private func say(_ words: String) { assembly.events.send(.message(words)) }

  /// The keys of a node that can be changed while it runs, with the whole way to them.
  private static func changeable(_ node: PipelineDescription.Node) -> [String] {
    guard let component = node.component as? any Changeable else { return [] }
    let type = type(of: component)
    return type.changeableKeys.sorted().map { "\(node.role.rawValue).\(node.id).\(type.word).\($0)" }
  }

  private static func canChange(_ path: String, of node: PipelineDescription.Node) -> Bool {
    changeable(node).contains { key in
      path == key || path.hasPrefix(key + ".") || path.hasPrefix(key + "[")
    }
  }

  private final class Countdown: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    func isLast() -> Bool {
      left.withLock { left in
        left -= 1
        return left == 0
      }
    }
  }
}
