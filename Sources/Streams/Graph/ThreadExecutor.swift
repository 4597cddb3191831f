internal import Foundation
internal import Synchronization

/// A thread of one's own for work that computes long without waiting: Swift's cooperative threads must not be held up.
public final class ThreadExecutor: TaskExecutor, Sendable {
  private final class Queue: Sendable {
    let jobs = Mutex<[UnownedJob]>([])
    let available = DispatchSemaphore(value: 0)
    let isEnded = Atomic(false)
  }
  private let queue = Queue()

  /// - Parameter name: The thread's name in a debugger. The thread lives until `end()`.
  public init(name: String) {
    let thread = Thread { [self] in
      while true {
        queue.available.wait()
        let job = queue.jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if let job {
          job.runSynchronously(on: asUnownedTaskExecutor())
        } else if queue.isEnded.load(ordering: .acquiring) {
          return
        }
      }
    }
    thread.name = name
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// Ends the thread once its queue is empty; to be called when no task prefers this executor any more.
  public func end() {
    queue.isEnded.store(true, ordering: .releasing)
    queue.available.signal()
  }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.jobs.withLock { $0.append(job) }
    queue.available.signal()
  }
}
