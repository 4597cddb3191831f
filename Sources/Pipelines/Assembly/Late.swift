internal import Synchronization

/// A value that is made when it is first asked for, once: what is known of a source only when its first frame has come.
///
/// The units of a log are such a value: its means and deviations are taken from its first rows, after the pipeline was put
/// together.
final class Late<Value: Sendable>: Sendable {
  private let made = Mutex<Value?>(nil)
  private let make: @Sendable () -> Value

  init(_ make: @escaping @Sendable () -> Value) { self.make = make }

  var value: Value {
    made.withLock { made in
      if let made { return made }
      let new = make()
      made = new
      return new
    }
  }
}
