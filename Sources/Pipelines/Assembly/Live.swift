internal import Synchronization

/// A component some of whose keys can be changed while it runs.
protocol Changeable: Component {
  /// These keys, as they stand below the component's word; with everything that is in them.
  static var changeableKeys: Set<String> { get }
  /// Whether it says itself when it has taken a change over; else a change holds at once.
  static var confirmsChanges: Bool { get }
}

extension Changeable {
  static var confirmsChanges: Bool { false }
}

/// A component as the pipeline file has it now.
final class Live<Value: Sendable>: Sendable {
  private struct State {
    var value: Value
    var version = 0
    var done: (@Sendable () -> Void)?
  }
  private let state: Mutex<State>

  init(_ value: Value) { state = Mutex(State(value: value)) }

  var value: Value { state.withLock { $0.value } }

  /// The newest value, where it was replaced since a version, which becomes the present one.
  /// - Returns: Nil where nothing has changed; with the value what to call when it is taken over.
  func change(since version: inout Int) -> (value: Value, done: @Sendable () -> Void)? {
    state.withLock { state in
      guard state.version != version else { return nil }
      version = state.version
      defer { state.done = nil }
      return (state.value, state.done ?? {})
    }
  }

  /// - Parameter done: Called when whoever reads it has taken it over; once.
  func replace(with value: Value, done: @escaping @Sendable () -> Void) {
    state.withLock { state in
      let earlier = state.done
      state.value = value
      state.version += 1
      // A change that was not taken over yet is part of this one.
      state.done = {
        earlier?()
        done()
      }
    }
  }
}
