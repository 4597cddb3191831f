internal import Disk
public import Foundation
internal import Glibc
internal import Learning

/// A checkpoint that landed.
public struct CheckpointFile: Sendable, Equatable {
  public var url: URL
  public var step: Int
  /// The file's identity on its file system, when it is known: a file that was written anew has another.
  var inode: UInt64?
  public var name: String { url.deletingPathExtension().lastPathComponent }
}

/// A folder of checkpoints: the run's own, `step-00000500.safetensors`, or one that another program writes. Whole files
/// only, because they are renamed into place.
struct CheckpointFolder: Sendable {
  let url: URL
  /// Which files of another program count, with `*` and `?`; nil for the run's own names.
  let pattern: String?
  /// Where the link to the best one is kept.
  private let bestFolder: URL

  init(_ url: URL) {
    self.url = url
    pattern = nil
    bestFolder = url
  }

  /// A folder of another program, in which nothing is written.
  /// - Parameter best: Where the link to the best checkpoint goes.
  init(_ url: URL, pattern: String, best: URL) {
    self.url = url
    self.pattern = pattern
    bestFolder = best
  }

  func file(step: Int) -> CheckpointFile {
    CheckpointFile(url: url.appending(path: "step-\(String(format: "%08d", step)).safetensors"), step: step)
  }

  /// The step in a name of ours.
  static func step(of name: String) -> Int? {
    guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
    let digits = name.dropFirst(5).dropLast(12)
    return digits.count <= 15 && digits.allSatisfy { ("0"..."9").contains($0) } ? Int(digits) : nil
  }

  /// The checkpoint of this name; nil for a file that is none.
  ///
  /// In the name of another program the last number is the step; a file without one has the second of its last change, so
  /// that a file that is written again and again is judged each time.
  func file(named name: String, inode: UInt64? = nil) -> CheckpointFile? {
    let file = url.appending(path: name)
    guard let pattern else {
      return Self.step(of: name).map { CheckpointFile(url: file, step: $0, inode: inode) }
    }
    guard fnmatch(pattern, name, FNM_PERIOD) == 0, name != Self.bestName else { return nil }
    let stem = file.deletingPathExtension().lastPathComponent
    let digits = stem.split { !("0"..."9").contains($0) }.last
    guard let step = digits.flatMap({ $0.count <= 15 ? Int($0) : nil }) ?? Self.changed(file) else { return nil }
    return CheckpointFile(url: file, step: step, inode: inode)
  }

  /// What tells a file from one that was written anew: its inode where files are renamed into place. Another program may
  /// write into its files or move them: the name, the size and the time of the last change then count as well.
  func identity(of file: URL) -> UInt64? {
    var status = stat()
    guard stat(file.path, &status) == 0 else { return nil }
    guard pattern != nil else { return UInt64(status.st_ino) }
    let numbers = [Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
    // FNV-1a, of which JSON keeps every digit.
    let bytes = numbers.flatMap { withUnsafeBytes(of: $0.littleEndian, Array.init) } + file.lastPathComponent.utf8
    return bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 } >> 11
  }

  /// When the file came into place, in seconds since 1970: a rename is a change of it. Nil for one that is not there.
  func changed(_ file: URL) -> Double? {
    var status = stat()
    guard stat(file.path, &status) == 0 else { return nil }
    return Double(status.st_ctim.tv_sec) + Double(status.st_ctim.tv_nsec) * 1e-9
  }

  private static func changed(_ file: URL) -> Int? {
    var status = stat()
    return stat(file.path, &status) == 0 ? Int(status.st_mtim.tv_sec) : nil
  }

  /// All checkpoints in order of step.
  var files: [CheckpointFile] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return names.compactMap { file(named: $0) }.sorted { ($0.step, $0.name) < ($1.step, $1.name) }
  }

  /// The newest checkpoint that can be read; an unreadable one is passed over for the one before it.
  /// - Throws: The newest one's error when there are checkpoints and none can be read.
  func latest() throws -> (file: CheckpointFile, checkpoint: Checkpoint)? {
    var failure: (any Error)?
    for file in files.reversed() {
      do { return (file, try Checkpoint(contentsOf: file.url)) } catch { failure = failure ?? error }
    }
    if let failure { throw failure }
    return nil
  }

  /// It does not begin like a checkpoint's name, so that no scan takes it for one.
  private static let bestName = "best-by-climate.safetensors"
  /// The link to the best checkpoint.
  var bestLink: URL { bestFolder.appending(path: Self.bestName) }

  /// The step of the best checkpoint, as the link says.
  var bestStep: Int? {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: bestLink.path)).flatMap { target in
      file(named: URL(filePath: target).lastPathComponent)?.step
    }
  }

  /// Makes the link point to this checkpoint, at once and never to nothing.
  /// - Throws: `DiskError` when the folder cannot be written.
  func markBest(_ file: CheckpointFile) throws {
    let target = pattern == nil ? file.url.lastPathComponent : file.url.standardizedFileURL.path
    try WholeFile.replaceLink(bestLink.path, to: target)
  }

  /// Removes all but the newest `keep`, the best, and whatever is held; never a file of another program.
  func retire(keep: Int, leases: Leases = .shared) {
    guard pattern == nil else { return }
    for file in files.dropLast(keep) {
      // Whether it is the best is asked while nobody can hold it: it may have become so a moment ago.
      leases.unlessHeld(file.url) {
        if file.step != bestStep { try? FileManager.default.removeItem(at: file.url) }
      }
    }
  }
}
