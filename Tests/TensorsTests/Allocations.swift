#if os(Linux)
  import Glibc

  /// Counts the objects that Swift makes on this thread: arrays, boxes, closures, classes.
  ///
  /// Through the door that the runtime leaves for instruments (InstrumentsSupport.h); nil where it has none.
  enum Allocations {
    private typealias Allocate = @convention(c) (UnsafeRawPointer?, Int, Int) -> UnsafeMutableRawPointer?

    private struct Hook: @unchecked Sendable {
      let function: UnsafeMutablePointer<Allocate>
      let isEnabled: UnsafeMutablePointer<Bool>
      let original: Allocate
      let thread = UnsafeMutablePointer<pthread_t>.allocate(capacity: 1)
      let count = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    }

    private static let hook: Hook? = {
      guard let function = dlsym(nil, "_swift_allocObject"),
        let isEnabled = dlsym(
          nil, "_swift_enableSwizzlingOfAllocationAndRefCountingFunctions_forInstrumentsOnly")
      else { return nil }
      let pointer = function.assumingMemoryBound(to: Allocate.self)
      return Hook(
        function: pointer, isEnabled: isEnabled.assumingMemoryBound(to: Bool.self), original: pointer.pointee)
    }()

    /// The number of objects made while `body` runs. Only where no other thread is busy, as in an exit test: other
    /// threads crashed now and then.
    static func count(_ body: () -> Void) -> Int? {
      guard let hook else { return nil }
      hook.thread.pointee = pthread_self()
      hook.count.pointee = 0
      hook.function.pointee = { type, size, alignment in
        if let hook = Allocations.hook, hook.thread.pointee == pthread_self() { hook.count.pointee += 1 }
        return Allocations.hook!.original(type, size, alignment)
      }
      hook.isEnabled.pointee = true
      body()
      hook.isEnabled.pointee = false
      hook.function.pointee = hook.original
      return hook.count.pointee
    }
  }
#endif
