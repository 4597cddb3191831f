internal import Disk
public import Foundation

/// Writes trajectories into a store that others read at the same time.
///
/// Frames of each trajectory come in order; trajectories may interleave. A frame counts as stored when its chunk has been
/// renamed into place and the array `length` says so; whatever the instant at which the program is killed, readers find a
/// valid prefix. Order of a commit: chunk files, then the arrays' shapes, then `length`. Chunks are compressed and written
/// behind the caller's back; `flush` waits for them. For one thread at a time.
public final class TrajectoryStoreWriter {
  public let url: URL
  public let layout: TrajectoryStoreLayout
  private let files: TrajectoryStoreFiles
  private let queue: CommitQueue
  private var lock: StoreLock?
  /// Frames of each trajectory that were handed to the queue as full chunks, or were stored before.
  private var handedOver: [Int]
  /// Sizes of finished trajectories, for retention.
  var knownSizes: [Int: Int] = [:]
  /// The frames of each trajectory's chunk in progress, by trajectory.
  private var pending: [Int: ChunkBuffer] = [:]

  /// - Throws: `StoreError.exists` when there is something already, `.noSpace`, `.unwritable`, `.locked`.
  public convenience init(creating url: URL, layout: TrajectoryStoreLayout) throws(StoreError) {
    try self.init(creating: url, layout: layout, obstacle: nil)
  }

  /// - Parameter obstacle: Called before every file is written, with its path.
  package init(
    creating url: URL, layout: TrajectoryStoreLayout,
    obstacle: (@Sendable (String) throws(StoreError) -> Void)?
  ) throws(StoreError) {
    precondition(!layout.fields.isEmpty && layout.framesPerChunk > 0, "a store needs fields and frames in a chunk")
    self.url = url
    self.layout = layout
    // Before anything is made: names may come from outside.
    for (index, field) in layout.fields.enumerated() {
      let isTaken = layout.fields[..<index].contains { $0.name == field.name }
      if let complaint = TrajectoryField.complaint(aboutName: field.name) ?? (isTaken ? "occurs twice" : nil) {
        throw StoreError(.unsupported, url.path, "an array cannot be called “\(field.name)”: the name \(complaint)")
      }
    }
    guard !FileManager.default.fileExists(atPath: url.path) else {
      throw StoreError(.exists, url.path, "exists already; choose another name or remove it")
    }
    let parent = url.deletingLastPathComponent()
    try Files.make(folder: parent.path)
    lock = try StoreLock(for: url)
    // Made under another name, so that there is never half a store under this one.
    let new = parent.appending(path: ".\(url.lastPathComponent).new")
    try? FileManager.default.removeItem(at: new)
    var files = try TrajectoryStoreFiles(new.path, layout)
    do throws(StoreError) {
      try obstacle?(new.path)
      try files.create()
      try StoreLayoutNote.note(files.metadata, of: url)
      if case .every = layout.synchronised {
        try StoreLayoutNote.note(synchronised: [], of: url)
      } else {
        unlink(StoreLayoutNote.beside(url, "synchronised"))
      }
    } catch {
      try? FileManager.default.removeItem(at: new)
      throw error
    }
    guard rename(new.path, url.path) == 0 else {
      throw StoreError(DiskError(url.path, cannotBe: "created", errno))
    }
    try Files.synchronise(folder: parent.path)
    files.path = url.path
    files.obstacle = obstacle
    self.files = files
    handedOver = []
    queue = try CommitQueue(files, lengths: [])
  }

  /// Goes on writing a store; chunks that were committed only in part are completed.
  /// - Throws: `StoreError` when it is not a store of this library's layout, or another program writes to it.
  public init(resuming url: URL, threads: Int = 1, synchronised: Synchronisation = .standard) throws(StoreError) {
    self.url = url
    lock = try StoreLock(for: url)
    let reader = try TrajectoryStoreReader(url)
    files = try TrajectoryStoreFiles(reader, threads: threads, synchronised: synchronised)
    layout = files.layout
    Self.clearLeftovers(url)
    // Lengths beyond the shape promise nothing, and may be empty after a loss of power; the shape will grow over them.
    let length = reader.lengthArray!
    for name in (try? FileManager.default.contentsOfDirectory(atPath: length.url.path)) ?? [] {
      guard name.hasPrefix("c."), let block = Int(name.dropFirst(2)), block * length.chunkShape[0] >= length.shape[0]
      else { continue }
      unlink("\(length.url.path)/\(name)")
    }
    try StoreLayoutNote.note(files.metadata, of: url)
    if case .every = synchronised {} else { unlink(StoreLayoutNote.beside(url, "synchronised")) }
    handedOver = (0..<reader.trajectories).map { reader.length($0) }
    queue = try CommitQueue(files, lengths: handedOver)
  }

  deinit { queue.stop() }

  public var trajectories: Int { queue.stored.count }

  /// Trajectories of which a frame was appended.
  var appendedTrajectories: Int { handedOver.count }

  /// Bytes of chunk files written so far.
  public var bytesWritten: Int { queue.bytesWritten }

  /// Frames of a trajectory that would survive a kill now.
  public func storedLength(_ trajectory: Int) -> Int {
    let stored = queue.stored
    return stored.indices.contains(trajectory) ? stored[trajectory] : 0
  }

  /// Frames of a trajectory that would survive a loss of power now, as far as the writer knows.
  public func synchronisedLength(_ trajectory: Int) -> Int {
    if case .everyChunk = layout.synchronised { return storedLength(trajectory) }
    let lengths = queue.synchronised
    return lengths.indices.contains(trajectory) ? lengths[trajectory] : 0
  }

  /// Brings what is stored to the disk now.
  /// - Throws: `StoreError` when that fails.
  public func synchronise() throws(StoreError) { try queue.synchronise() }

  /// Frames of a trajectory that were appended.
  public func appendedLength(_ trajectory: Int) -> Int {
    if let chunk = pending[trajectory] { return chunk.firstFrame + chunk.frames }
    return handedOver.indices.contains(trajectory) ? handedOver[trajectory] : 0
  }

  /// Appends the next frame of a trajectory.
  /// - Parameters:
  ///   - time: The frame's time.
  ///   - values: By field, in C order; complex numbers as interleaved parts.
  /// - Throws: `StoreError` when earlier chunks could not be written, `.noSpace` when the disk is full. The frame was then
  ///   not taken: append it again when the reason is gone. What was taken before is still there.
  public func append(trajectory: Int, time: Double, _ values: [String: [Double]]) throws(StoreError) {
    try append(trajectory: trajectory, time: time) { index, target in
      let field = layout.fields[index]
      guard let numbers = values[field.name], numbers.count == field.numbersPerFrame else {
        preconditionFailure(
          "field \(field.name): expected \(field.numbersPerFrame) numbers, got \(values[field.name]?.count ?? 0)")
      }
      field.put(numbers, into: target)
    }
  }

  /// The same without a dictionary and, where the caller has the numbers in the store's precision, without conversion.
  /// - Parameter fill: Called for every field of the layout, by its position there, with the memory where the frame's
  ///   numbers belong, in C order and in the field's type.
  public func append(
    trajectory: Int, time: Double, filling fill: (_ field: Int, _ target: UnsafeMutableRawBufferPointer) -> Void
  ) throws(StoreError) {
    guard (0..<100_000_000).contains(trajectory) else {
      throw StoreError(
        .outOfRange, url.path,
        "has room for trajectories 0 to 99999999, not for number \(trajectory); number them from 0 on")
    }
    precondition(lock != nil, "the store was closed")
    try queue.check()
    let chunk = try chunkInProgress(trajectory)
    for index in layout.fields.indices { fill(index, chunk.place(field: index, frame: chunk.frames)) }
    chunk.place(field: layout.fields.count, frame: chunk.frames).storeBytes(of: time, as: Double.self)
    chunk.frames += 1
    chunk.isDirty = true
    guard chunk.isFull else { return }
    pending[trajectory] = nil
    handedOver[trajectory] = chunk.firstFrame + chunk.frames
    queue.hand(over: chunk, of: trajectory, isReplaced: queueHasSeen(chunk, trajectory))
  }

  /// Waits until every full chunk is stored.
  /// - Throws: `StoreError` when something could not be written; nothing is lost.
  public func settle() throws(StoreError) {
    try queue.check()
    try queue.finish()
  }

  /// Trajectories below this number were deleted; nothing may be appended to them.
  public var retired: Int { queue.retired }

  func chunkFiles(of trajectory: Int, frames: Int) -> [String] { files.chunkFiles(of: trajectory, frames: frames) }

  /// Deletes all trajectories below `end`: first readers are told, then the files go.
  func retire(before end: Int) throws(StoreError) {
    let gone = (retired..<end).map { ($0, storedLength($0)) }
    try queue.retire(before: end)
    for (trajectory, length) in gone {
      pending[trajectory] = nil
      handedOver[trajectory] = 0
      knownSizes[trajectory] = nil
      for file in chunkFiles(of: trajectory, frames: length) { unlink(file) }
    }
  }

  /// Says that no more frames of a trajectory are to be expected: its chunk in progress is stored as it is, behind the
  /// caller's back, and needs no more memory. A frame that comes nevertheless goes on where the trajectory ends.
  /// - Throws: `StoreError` when earlier chunks could not be written; then try again when the reason is gone.
  public func complete(trajectory: Int) throws(StoreError) {
    try queue.check()
    guard let chunk = pending.removeValue(forKey: trajectory) else { return }
    handedOver[trajectory] = chunk.firstFrame + chunk.frames
    guard chunk.isDirty else { return queue.reuse(chunk) }
    queue.hand(over: chunk, of: trajectory, isReplaced: queueHasSeen(chunk, trajectory), isLast: true)
  }

  /// Stores everything that was appended; chunks in progress are written padded and written anew when they are full.
  /// - Throws: `StoreError` when something could not be written; nothing is lost, and `flush` may be tried again.
  public func flush() throws(StoreError) {
    try queue.check()
    for (trajectory, chunk) in pending.sorted(by: { $0.key < $1.key }) where chunk.isDirty {
      chunk.isDirty = false
      queue.hand(over: chunk, of: trajectory, isReplaced: queueHasSeen(chunk, trajectory))
    }
    try queue.finish()
  }

  /// `flush`, after which everything is on the disk (unless it is never to be synchronised), the store is free for another
  /// writer and nothing more may be appended here.
  /// - Throws: `StoreError`, also when the store is not whole under its name, because somebody took it or a part of it away.
  public func close() throws(StoreError) {
    try flush()
    try queue.synchronise()
    let reader = try TrajectoryStoreReader(url, cacheLimit: 0)
    guard (0..<trajectories).allSatisfy({ reader.length($0) == storedLength($0) }) else {
      throw StoreError(.corrupt, url.path, "has other lengths than were written; somebody else changed it")
    }
    lock = nil
  }

  /// Gives up what could not be stored, and frees the store for another writer. What is stored stays.
  /// - Returns: Frames that were appended and are not stored.
  @discardableResult
  public func abandon() -> Int {
    let appended = (0..<max(handedOver.count, trajectories)).reduce(0) { $0 + appendedLength($1) - storedLength($1) }
    queue.stop()
    pending = [:]
    lock = nil
    return appended
  }

  /// Removes what a killed writer had begun, which nobody else may do.
  private static func clearLeftovers(_ url: URL) {
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: url.path)) ?? [] {
      let folder = "\(url.path)/\(name)"
      if Files.isTemporary(name) { unlink(folder) }
      for file in (try? files.contentsOfDirectory(atPath: folder)) ?? [] where Files.isTemporary(file) {
        unlink("\(folder)/\(file)")
      }
    }
  }

  private func chunkInProgress(_ trajectory: Int) throws(StoreError) -> ChunkBuffer {
    if let chunk = pending[trajectory] { return chunk }
    if trajectory >= handedOver.count {
      handedOver += Array(repeating: 0, count: trajectory + 1 - handedOver.count)
    }
    let begun = handedOver[trajectory] % layout.framesPerChunk
    let chunk = queue.buffer(firstFrame: handedOver[trajectory] - begun)
    if begun > 0 { try restore(chunk, of: trajectory, frames: begun) }
    pending[trajectory] = chunk
    return chunk
  }

  /// Reads a chunk that was stored before it was full.
  private func restore(_ chunk: ChunkBuffer, of trajectory: Int, frames: Int) throws(StoreError) {
    try queue.finish()
    let reader = try TrajectoryStoreReader(url)
    chunk.frames = frames
    for (index, field) in files.fields.enumerated() {
      let array = field.name == TrajectoryStoreFiles.time.name ? reader.timeArray! : reader.array(field.name)
      let bytes = try array.readBytes(
        [trajectory..<(trajectory + 1), chunk.firstFrame..<(chunk.firstFrame + frames)] + field.shape.map { 0..<$0 })
      chunk.restore(field: index, bytes)
    }
  }

  /// Whether the chunk was stored before, with fewer frames.
  private func queueHasSeen(_ chunk: ChunkBuffer, _ trajectory: Int) -> Bool {
    storedLength(trajectory) > chunk.firstFrame
  }
}
