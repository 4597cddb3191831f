internal import Foundation
internal import Learning

/// A checkpoint that landed.
struct CheckpointFile: Sendable, Equatable {
  var url: URL
  var step: Int
  /// The file's identity on its file system, when it is known: a file that was written anew has another.
  var inode: UInt64?
  var name: String { url.deletingPathExtension().lastPathComponent }
}

/// The folder of a run's checkpoints: `step-00000500.safetensors`, whole files only, because they are renamed into place.
struct CheckpointFolder: Sendable {
  let url: URL

  init(_ url: URL) { self.url = url }

  func file(step: Int) -> CheckpointFile {
    CheckpointFile(url: url.appending(path: "step-\(String(format: "%08d", step)).safetensors"), step: step)
  }

  static func step(of name: String) -> Int? {
    guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
    return Int(name.dropFirst(5).dropLast(12))
  }

  /// All checkpoints in order of step.
  var files: [CheckpointFile] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return names.compactMap { name in
      Self.step(of: name).map { CheckpointFile(url: url.appending(path: name), step: $0) }
    }.sorted { $0.step < $1.step }
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

  /// The link to the best checkpoint. It does not begin like a checkpoint's name, so that no scan takes it for one.
  var bestLink: URL { url.appending(path: "best-by-climate.safetensors") }

  /// The step of the best checkpoint, as the link says.
  var bestStep: Int? {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: bestLink.path)).flatMap { Self.step(of: $0) }
  }

  /// Makes the link point to this checkpoint, at once and never to nothing.
  /// - Throws: `RunError` when the folder cannot be written.
  func markBest(_ file: CheckpointFile) throws {
    let temporary = url.appending(path: ".best-\(getpid()).tmp")
    unlink(temporary.path)
    guard symlink(file.url.lastPathComponent, temporary.path) == 0, rename(temporary.path, bestLink.path) == 0 else {
      throw RunError(.unwritable, "cannot write \(bestLink.path): \(String(cString: strerror(errno)))")
    }
  }

  /// Removes all but the newest `keep`, the best, and whatever is in `holding`.
  func retire(keep: Int, holding: Set<URL>) {
    let best = bestStep
    for file in files.dropLast(keep) where !holding.contains(file.url) && file.step != best {
      try? FileManager.default.removeItem(at: file.url)
    }
  }
}
