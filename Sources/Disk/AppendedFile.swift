internal import Foundation
internal import Synchronization

/// A file to which whole records are appended, and which is brought to the disk from a thread of its own.
///
/// A record that a full disk cut short is completed when the same record is appended again.
public final class AppendedFile: Sendable {
  private struct State {
    var size: Int
    /// The record that was cut short, and what of it is still to be written.
    var torn: (record: [UInt8], rest: [UInt8])?
    var failure: DiskError?
    var isDirty = false
  }

  public let path: String
  private let descriptor: Int32
  private let state: Mutex<State>

  /// How long a record may be in memory alone, besides the time that the disk takes.
  public static let interval = Duration.seconds(2)
  private static let dirty = Mutex<[AppendedFile]>([])
  private static let synchroniser = TimedSynchroniser(every: interval) {
    let files = dirty.withLock { files in
      defer { files = [] }
      return files
    }
    for file in files { file.synchronise() }
  }

  /// Brings everything that was appended to any file to the disk.
  public static func synchroniseAll() { synchroniser.synchronise() }

  /// Opens a file for appending, and makes it where there is none; its folder must be there.
  /// - Throws: `DiskError`.
  public init(_ path: String) throws(DiskError) {
    self.path = path
    var isNew = true
    var descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    if descriptor < 0, errno == EEXIST {
      isNew = false
      descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
    }
    guard descriptor >= 0 else { throw DiskError(path, cannotBe: "opened for appending", errno) }
    self.descriptor = descriptor
    state = Mutex(State(size: Int(lseek(descriptor, 0, SEEK_END))))
    if isNew { try WholeFile.synchronise(folder: WholeFile.folder(of: path)) }
  }

  deinit { close(descriptor) }

  /// Bytes of the file.
  public var size: Int { state.withLock { $0.size } }

  /// Appends a record by one write.
  /// - Parameter separator: Is put between the remains of a record that was cut short and another one.
  /// - Throws: `DiskError`, `.removed` when the file is no longer under its name. The same record may then be appended again.
  public func append(_ record: [UInt8], separator: [UInt8] = []) throws(DiskError) {
    let failure = state.withLock { state -> DiskError? in
      if let failure = state.failure { return failure }
      guard Place.isSame(path, descriptor) else {
        return DiskError(.removed, path, "is no longer there: it was removed or renamed while the program wrote to it")
      }
      var rest = record
      if let torn = state.torn {
        // Told apart by their content: whoever gave up on a record goes on with another one.
        rest = torn.record == record ? torn.rest : separator + record
      }
      let put = rest.withUnsafeBytes { WholeFile.write($0, to: descriptor) }
      let code = errno
      state.size += put
      if put > 0, !state.isDirty {
        state.isDirty = true
        Self.dirty.withLock { $0.append(self) }
        Self.synchroniser.mark()
      }
      guard put == rest.count else {
        if put > 0 || state.torn?.record == record { state.torn = (record, Array(rest[put...])) }
        return DiskError(path, cannotBe: "written", code)
      }
      state.torn = nil
      return nil
    }
    if let failure { throw failure }
  }

  /// Brings what was appended to the disk. What goes wrong is said by the next `append`.
  public func synchronise() {
    let isDirty = state.withLock { state in
      defer { state.isDirty = false }
      return state.isDirty
    }
    guard isDirty, fdatasync(descriptor) != 0 else { return }
    let error = DiskError(path, cannotBe: "brought to the disk", errno)
    // A file system that allots space late finds out only now; what was written is still in memory.
    if error.kind == .full {
      state.withLock { $0.isDirty = true }
      Self.dirty.withLock { $0.append(self) }
      Self.synchroniser.mark()
    } else {
      state.withLock { $0.failure = error }
    }
  }

  /// - Throws: `DiskError` for what went wrong when the file was brought to the disk.
  public func check() throws(DiskError) {
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }
}
