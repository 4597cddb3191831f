internal import Disk
internal import Foundation
internal import Synchronization

/// Compresses chunks and stores them behind the back of the thread that appends.
///
/// Some threads compress, one writes: chunk files in the order in which they were handed over, then, when no more chunks
/// are ready or enough have gathered, the grown shapes and last the lengths. Handing over waits when too much is under
/// way. After a failure everything stays where it is until somebody asks to try again.
// Unchecked: everything that changes is guarded by `condition`, as is said where it is declared; a chunk belongs to the
// thread that its stage of the queue has reached.
final class CommitQueue: @unchecked Sendable {
  private final class Commit {
    let trajectory: Int
    let chunk: ChunkBuffer
    /// The trajectory's length when this is stored.
    let length: Int
    let isReplaced: Bool
    /// Whether the buffer is free for another chunk afterwards.
    let isFreed: Bool
    var files: [TrajectoryStoreFiles.EncodedChunk]?

    init(_ trajectory: Int, _ chunk: ChunkBuffer, isReplaced: Bool, isLast: Bool) {
      self.trajectory = trajectory
      self.chunk = chunk
      self.isReplaced = isReplaced
      length = chunk.firstFrame + chunk.frames
      isFreed = chunk.isFull || isLast
    }
  }

  /// Chunks that share one publication at most; more of them at once would only make readers wait.
  private static let mostAtOnce = 16
  private static let interval = Duration.milliseconds(50)

  // All of it is guarded by `condition`; only the writing thread changes `files`.
  private let condition = NSCondition()
  private var unencoded: [Commit] = []
  private var unstored: [Commit] = []
  private var unpublished: [Commit] = []
  private var lengths: [Int]
  private var spare: [ChunkBuffer] = []
  private var failure: StoreError?
  private var attempts = 0
  private var bytes = 0
  private var lastPublication = ContinuousClock.now
  private var isStopped = false
  private var threadsRunning: Int
  private var files: TrajectoryStoreFiles
  /// What `files.retired` says, which looks it up: it is asked for at every frame.
  private var retiredBelow: Int
  private let hasFailed = Atomic(false)
  private let most: Int
  /// The store's folder: what is written must be found under its name.
  private let place: Place
  private let url: URL
  /// Lengths that are on the disk.
  private var onDisk: [Int] = []
  /// What went wrong when the disk was to take what had been written: not to be tried again, because it is lost.
  private var diskFailure: StoreError?
  /// Nil where chunks are synchronised one by one, or never.
  private var synchroniser: TimedSynchroniser?

  /// - Throws: `StoreError` when there is no such folder.
  init(_ files: TrajectoryStoreFiles, lengths: [Int]) throws(StoreError) {
    self.files = files
    retiredBelow = files.retired
    self.lengths = lengths
    url = URL(filePath: files.path)
    do throws(DiskError) { place = try Place(files.path) } catch { throw StoreError(error) }
    let threads = max(1, files.layout.threads)
    most = threads + 2
    threadsRunning = threads + 1
    if case .every(let interval) = files.layout.synchronised {
      synchroniser = TimedSynchroniser(every: interval) { [weak self] in self?.bringToDisk() }
      // What an earlier writer left may be in memory alone.
      if !lengths.isEmpty { synchroniser?.mark() }
    }
    for _ in 0..<threads { Thread.detachNewThread { self.encodeAll() } }
    Thread.detachNewThread { self.storeAll() }
  }

  // MARK: For the thread that appends

  /// Lengths that readers have been told.
  var stored: [Int] { condition.withLock { lengths } }

  /// Bytes of chunk files written so far.
  var bytesWritten: Int { condition.withLock { bytes } }

  /// An empty chunk.
  func buffer(firstFrame: Int) -> ChunkBuffer {
    let chunk =
      condition.withLock { spare.popLast() }
      ?? ChunkBuffer(files.fields, framesPerChunk: files.layout.framesPerChunk)
    chunk.firstFrame = firstFrame
    chunk.frames = 0
    chunk.isDirty = false
    return chunk
  }

  /// Takes back a chunk of which everything is stored.
  func reuse(_ chunk: ChunkBuffer) { condition.withLock { spare.append(chunk) } }

  /// Hands a chunk over; a full or last one must not be touched any more, others not before `finish` has returned.
  /// - Parameter isLast: Whether no more frames will be put into it, full or not.
  func hand(over chunk: ChunkBuffer, of trajectory: Int, isReplaced: Bool, isLast: Bool = false) {
    let commit = Commit(trajectory, chunk, isReplaced: isReplaced, isLast: isLast)
    condition.lock()
    defer { condition.unlock() }
    unencoded.append(commit)
    unstored.append(commit)
    condition.broadcast()
    while unstored.count >= most, failure == nil, diskFailure == nil { condition.wait() }
  }

  /// Tries again what failed.
  /// - Throws: The failure, when it is still there.
  func check() throws(StoreError) {
    guard hasFailed.load(ordering: .relaxed) else { return }
    condition.lock()
    defer { condition.unlock() }
    if let diskFailure { throw diskFailure }
    guard failure != nil else { return }
    let attempt = attempts
    failure = nil
    hasFailed.store(diskFailure != nil, ordering: .relaxed)
    condition.broadcast()
    while attempts == attempt { condition.wait() }
    if let failure { throw failure }
  }

  /// Waits until everything that was handed over is stored and published.
  func finish() throws(StoreError) {
    condition.lock()
    defer { condition.unlock() }
    while unstored.contains(where: { $0.files == nil })
      || (failure == nil && !(unstored.isEmpty && unpublished.isEmpty))
    {
      condition.wait()
    }
    if let failure = diskFailure ?? failure { throw failure }
  }

  /// Lengths that are known to be on the disk.
  var synchronised: [Int] { condition.withLock { onDisk } }

  /// Brings what is stored to the disk now.
  /// - Throws: `StoreError` when that fails, or the store is no longer under its name.
  func synchronise() throws(StoreError) {
    synchroniser?.synchronise()
    if let failure = condition.withLock({ diskFailure }) { throw failure }
    try checkPlace()
  }

  private func checkPlace() throws(StoreError) {
    do throws(DiskError) { try place.check() } catch { throw StoreError(error) }
    guard Files.exists(files.path + "/zarr.json") else {
      throw StoreError(
        .removed, files.path + "/zarr.json",
        "is no longer there: it was removed or renamed while the program wrote to the store")
    }
  }

  /// Called by the synchroniser's thread, which holds the lock only to look.
  private func bringToDisk() {
    let stored = condition.withLock { lengths }
    do {
      try place.synchroniseFileSystem()
      // Of a store that was taken away nothing is noted under its name.
      try place.check()
      try StoreLayoutNote.note(synchronised: stored, of: url)
      condition.withLock { onDisk = stored }
    } catch let error as DiskError where !error.isDiskFull {
      failOnDisk(StoreError(error))
    } catch let error as StoreError where !error.isDiskFull {
      failOnDisk(error)
    } catch {
      // What the disk has no room for now is still in memory.
      synchroniser?.mark()
    }
  }

  private func failOnDisk(_ error: StoreError) {
    condition.withLock {
      diskFailure = diskFailure ?? error
      hasFailed.store(true, ordering: .relaxed)
      condition.broadcast()
    }
  }

  /// Trajectories below this number were deleted by retention.
  var retired: Int { condition.withLock { retiredBelow } }

  /// Makes the lengths of all trajectories below `end` 0. Nothing may be under way.
  func retire(before end: Int) throws(StoreError) {
    var files = condition.withLock { self.files }
    var new = stored
    let retired = files.retired..<end
    for trajectory in retired { new[trajectory] = 0 }
    try files.publish(retired: end)
    try files.publish(lengths: new, changed: retired)
    condition.lock()
    self.files = files
    retiredBelow = end
    lengths = new
    condition.unlock()
  }

  /// Waits for what is under way, as far as it succeeds, and ends the threads.
  func stop() {
    try? finish()
    condition.lock()
    isStopped = true
    condition.broadcast()
    while threadsRunning > 0 { condition.wait() }
    condition.unlock()
    synchroniser?.stop()
  }

  // MARK: The threads

  private func encodeAll() {
    condition.lock()
    while true {
      if !unencoded.isEmpty {
        let commit = unencoded.removeFirst()
        let files = files
        condition.unlock()
        let encoded = files.encode(commit.chunk, trajectory: commit.trajectory, isReplaced: commit.isReplaced)
        condition.lock()
        commit.files = encoded
        if commit.isFreed { spare.append(commit.chunk) }
        condition.broadcast()
      } else if isStopped {
        break
      } else {
        condition.wait()
      }
    }
    threadsRunning -= 1
    condition.broadcast()
    condition.unlock()
  }

  private func storeAll() {
    condition.lock()
    while true {
      let ready = unstored.first?.files
      if failure == nil, isTimeToPublish {
        publish()
      } else if failure == nil, let ready {
        condition.unlock()
        var outcome: StoreError?
        do throws(StoreError) { for file in ready { try files.store(file) } } catch { outcome = error }
        condition.lock()
        ended(with: outcome)
        if outcome == nil {
          unpublished.append(unstored.removeFirst())
          bytes += ready.reduce(0) { $0 + $1.bytes.count }
          condition.broadcast()
        }
      } else if isStopped {
        break
      } else {
        condition.wait()
      }
    }
    threadsRunning -= 1
    condition.broadcast()
    condition.unlock()
  }

  /// Every publication replaces files, and ext4 looks long for an inode where some were deleted lately. So while more
  /// chunks are being compressed, readers are told some times a second; when there is nothing else to do, at once.
  private var isTimeToPublish: Bool {
    guard !unpublished.isEmpty else { return false }
    if unstored.isEmpty || unpublished.count >= Self.mostAtOnce { return true }
    return unstored.first?.files == nil && lastPublication.duration(to: .now) > Self.interval
  }

  /// Called and returning with the lock held, which it gives up in between.
  private func publish() {
    let commits = unpublished
    var new = lengths
    for commit in commits {
      if commit.trajectory >= new.count {
        new += Array(repeating: 0, count: commit.trajectory + 1 - new.count)
      }
      new[commit.trajectory] = commit.length
    }
    var grown = files
    condition.unlock()
    var outcome: StoreError?
    do throws(StoreError) {
      try checkPlace()
      let longest = commits.reduce(grown.frames) { max($0, $1.length) }
      if new.count > grown.trajectories || longest > grown.frames {
        try grown.publish(trajectories: max(new.count, grown.trajectories), frames: longest)
      }
      try grown.publish(lengths: new, changed: commits.map(\.trajectory))
    } catch { outcome = error }
    condition.lock()
    ended(with: outcome)
    if outcome == nil {
      files = grown
      lengths = new
      lastPublication = .now
      unpublished.removeFirst(commits.count)
      synchroniser?.mark()
      condition.broadcast()
    }
  }

  private func ended(with outcome: StoreError?) {
    attempts += 1
    failure = outcome
    hasFailed.store(outcome != nil || diskFailure != nil, ordering: .relaxed)
    condition.broadcast()
  }
}
