internal import Disk
public import Foundation
internal import Synchronization

/// A folder that all machines share, for sites that allow no daemon: work is claimed by renaming its file.
///
/// ```
/// judge/open/RUN+12          work that nobody holds
/// judge/held/RUN+12~WORKER~X work that a worker holds; the file's time is when it was last renewed
/// judge/mail/RUN+12          what came back
/// judge/notes/WORKER         last values
/// ```
///
/// A rename within a folder tree is atomic on every POSIX file system, NFS among them: of two workers one gets the file.
/// Ages are differences between times of the file server, so that clocks of machines may differ.
public final class SpoolTransport: Transport {
  public let address: String
  public let lease: Duration
  private let root: URL
  private let mostMail: Int

  /// - Parameters:
  ///   - root: The folder; made where it is not there.
  ///   - mostMail: Bytes of mail that may lie in a queue.
  /// - Throws: `TransportError` for a folder that cannot be made or written.
  public init(_ root: URL, lease: Duration = .seconds(30), mostMail: Int = 1 << 30) throws(TransportError) {
    self.root = root.standardizedFileURL
    self.lease = lease
    self.mostMail = mostMail
    address = "spool:\(root.path)"
    for queue in WorkQueue.allCases { try makeFolders(queue) }
  }

  private enum Shelf: String, CaseIterable {
    case open, held, mail, notes
    /// Files that are being written.
    case new
  }

  private func makeFolders(_ queue: WorkQueue) throws(TransportError) {
    do {
      for shelf in Shelf.allCases {
        try FileManager.default.createDirectory(at: folder(shelf, queue), withIntermediateDirectories: true)
      }
    } catch {
      throw TransportError(
        .unreachable,
        "cannot make the spool \(root.path): \(error.localizedDescription). Name a folder that every machine can write")
    }
  }

  private func folder(_ shelf: Shelf, _ queue: WorkQueue) -> URL {
    root.appending(path: "\(queue.rawValue)/\(shelf.rawValue)", directoryHint: .isDirectory)
  }

  private func file(_ shelf: Shelf, _ queue: WorkQueue, _ id: MessageID) -> String {
    folder(shelf, queue).path + "/" + Self.name(id)
  }

  private static func name(_ id: MessageID) -> String { String(id.text.map { $0 == "/" ? "+" : $0 }) }
  private static func id(_ name: some StringProtocol) -> MessageID? {
    MessageID(String(name.map { $0 == "+" ? "/" : $0 }))
  }

  private func names(_ shelf: Shelf, _ queue: WorkQueue) throws(TransportError) -> [String] {
    if let names = try? FileManager.default.contentsOfDirectory(atPath: folder(shelf, queue).path) {
      return names.sorted()
    }
    // Somebody has removed it: it is made again, and is empty.
    try makeFolders(queue)
    return []
  }

  // MARK: Work

  public func offer(_ id: MessageID, _ payload: [UInt8], on queue: WorkQueue) throws(TransportError) {
    guard try !offered(on: queue).contains(id) else { return }
    try write(payload, id, .open, queue)
  }

  public func withdraw(_ id: MessageID, from queue: WorkQueue) throws(TransportError) {
    unlink(file(.open, queue, id))
    for held in try held(queue) where held.id == id { unlink(held.path) }
  }

  public func offered(on queue: WorkQueue) throws(TransportError) -> Set<MessageID> {
    // Held first: what is claimed in between is then seen twice, and not never.
    let before = try held(queue).map(\.id)
    let open = try names(.open, queue).compactMap(Self.id)
    return Set(before + open + (try held(queue).map(\.id)))
  }

  public func claim(
    on queue: WorkQueue, by worker: String, choosing: (MessageID, [UInt8]) -> Bool
  ) throws(TransportError) -> Claim? {
    try reopenExpired(queue)
    for name in try names(.open, queue) {
      guard let id = Self.id(name) else { continue }
      let open = file(.open, queue, id)
      guard let bytes = Self.content(open), let payload = try? SealedMessage.open(bytes, id, at: address),
        choosing(id, payload)
      else { continue }
      // The time first: the lease runs from the moment at which others can see the claim.
      guard utimensat(AT_FDCWD, open, nil, 0) == 0 else { continue }
      let token = "\(name)~\(MessageID(words: worker).text)~\(UUID().uuidString)"
      guard rename(open, folder(.held, queue).path + "/" + token) == 0 else { continue }
      return Claim(id: id, queue: queue, payload: payload, token: token)
    }
    return nil
  }

  public func renew(_ claim: inout Claim) throws(TransportError) -> Bool {
    let path = folder(.held, claim.queue).path + "/" + claim.token
    if utimensat(AT_FDCWD, path, nil, 0) == 0 { return true }
    guard errno == ENOENT else { throw unreachable("renewed", path) }
    return false
  }

  public func release(_ claim: Claim) throws(TransportError) {
    let path = folder(.held, claim.queue).path + "/" + claim.token
    guard rename(path, file(.open, claim.queue, claim.id)) == 0 || errno == ENOENT else {
      throw unreachable("given back", path)
    }
  }

  public func finish(_ claim: Claim) throws(TransportError) {
    let path = folder(.held, claim.queue).path + "/" + claim.token
    guard unlink(path) == 0 || errno == ENOENT else { throw unreachable("removed", path) }
  }

  private struct Held {
    var id: MessageID
    var path: String
  }

  private func held(_ queue: WorkQueue) throws(TransportError) -> [Held] {
    try names(.held, queue).compactMap { name in
      guard let id = name.split(separator: "~").first.flatMap(Self.id) else { return nil }
      return Held(id: id, path: folder(.held, queue).path + "/" + name)
    }
  }

  /// Work whose holder has not renewed it is anybody's again.
  private func reopenExpired(_ queue: WorkQueue) throws(TransportError) {
    let held = try held(queue)
    guard !held.isEmpty else { return }
    let now = try serverTime(queue)
    for held in held {
      guard let renewed = Self.changed(held.path), now - renewed > lease / .seconds(1) else { continue }
      // Of two that see it one succeeds; the other finds nothing to rename.
      _ = rename(held.path, file(.open, queue, held.id))
    }
  }

  /// For tests: makes a claim as old as if it had not been renewed for longer than its lease.
  func expire(_ claim: Claim) {
    let path = folder(.held, claim.queue).path + "/" + claim.token
    var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
    _ = utimensat(AT_FDCWD, path, &times, 0)
  }

  // MARK: Mail

  public func post(_ id: MessageID, _ message: [UInt8], to queue: WorkQueue) throws(TransportError) -> Bool {
    let there = try names(.mail, queue)
    if mostMail < .max {
      let bytes = there.reduce(0) { $0 + (Self.size(folder(.mail, queue).path + "/" + $1) ?? 0) }
      guard bytes + message.count <= mostMail else { return false }
    }
    try write(message, id, .mail, queue)
    return true
  }

  public func posted(to queue: WorkQueue) throws(TransportError) -> Set<MessageID> {
    Set(try names(.mail, queue).compactMap(Self.id))
  }

  public func read(_ id: MessageID, from queue: WorkQueue) throws(TransportError) -> [UInt8]? {
    guard let bytes = Self.content(file(.mail, queue, id)) else { return nil }
    return try SealedMessage.open(bytes, id, at: address)
  }

  public func discard(_ id: MessageID, from queue: WorkQueue) throws(TransportError) {
    unlink(file(.mail, queue, id))
  }

  // MARK: Notes

  public func note(_ name: MessageID, _ message: [UInt8], on queue: WorkQueue) throws(TransportError) {
    try write(message, name, .notes, queue)
  }

  public func notes(on queue: WorkQueue) throws(TransportError) -> [Note] {
    let names = try names(.notes, queue)
    guard !names.isEmpty else { return [] }
    let now = try serverTime(queue)
    return names.compactMap { name in
      guard let id = Self.id(name) else { return nil }
      let path = file(.notes, queue, id)
      guard let written = Self.changed(path), let bytes = Self.content(path),
        let message = try? SealedMessage.open(bytes, id, at: address)
      else { return nil }
      return Note(name: id, message: message, age: .seconds(max(0, now - written)))
    }
  }

  public func erase(_ name: MessageID, on queue: WorkQueue) throws(TransportError) {
    unlink(file(.notes, queue, name))
  }

  // MARK: Files

  private func write(_ message: [UInt8], _ id: MessageID, _ shelf: Shelf, _ queue: WorkQueue) throws(TransportError) {
    let sealed = try SealedMessage.seal(message, id)
    let target = file(shelf, queue, id)
    // Two machines may write the same name at once, by processes of the same number.
    let temporary = folder(.new, queue).path + "/" + UUID().uuidString
    for isLast in [false, true] {
      do {
        // Whatever is lost with the power is offered again.
        try WholeFile.replace(temporary, with: sealed, durability: .none)
        guard rename(temporary, target) != 0 else { return }
        if isLast { throw unreachable("renamed into place", target) }
      } catch let error as DiskError {
        if isLast { throw TransportError(.unreachable, "\(error)") }
      } catch let error as TransportError { throw error } catch {}
      try makeFolders(queue)
    }
  }

  private func unreachable(_ what: String, _ path: String) -> TransportError {
    TransportError(.unreachable, "\(path) cannot be \(what): \(String(cString: strerror(errno)))")
  }

  /// The whole file; nil where there is none, or it is larger than messages are.
  private static func content(_ path: String) -> [UInt8]? {
    let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    let most = SealedMessage.largest + SealedMessage.overhead
    // One byte more than may be tells a file that is too large.
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let count = min(Int(status.st_size), most + 1)
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = bytes.withUnsafeMutableBytes { Foundation.read(descriptor, $0.baseAddress! + done, count - done) }
      if got < 0, errno == EINTR { continue }
      guard got > 0 else { break }
      done += got
    }
    return Array(bytes[..<done])
  }

  private static func size(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }

  /// When a file was last written or renewed, in the file server's seconds.
  private static func changed(_ path: String) -> Double? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) * 1e-9
  }

  private func serverTime(_ queue: WorkQueue) throws(TransportError) -> Double {
    let probe = folder(.new, queue).path + "/now-" + UUID().uuidString
    let descriptor = Foundation.open(probe, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw unreachable("written", probe) }
    close(descriptor)
    defer { unlink(probe) }
    guard let now = Self.changed(probe) else { throw unreachable("read", probe) }
    return now
  }
}
