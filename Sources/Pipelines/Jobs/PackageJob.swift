internal import Disk
public import Foundation
internal import Learning
internal import Trajectories
internal import Zarr

/// `holstream package`: one archive of a run that has ended, to keep and to cite.
///
/// A tar file, as GNU tar makes it, with the stores sealed, the best checkpoint, the pipeline, the logs, the report, where
/// all of it comes from (`provenance.json`), how to open it (`README.md`) and the checksums of everything. The same run
/// gives the same bytes.
public struct PackageJob: Sendable {
  private let directory: RunDirectory
  private let output: URL
  private let includesStores: Bool
  private let report: @Sendable (RunReplay) -> String

  /// - Parameters:
  ///   - output: The archive; `<pipeline>-<number>.tar` in the current folder when nil. It must not exist.
  ///   - includesStores: Whether the stores are in it.
  ///   - report: Makes the report of a run that has none.
  public init(
    _ run: URL, output: URL? = nil, includesStores: Bool = true, report: @escaping @Sendable (RunReplay) -> String
  ) {
    directory = RunDirectory(run)
    let parent = directory.url.deletingLastPathComponent().lastPathComponent
    self.output = output ?? URL(filePath: "\(parent)-\(directory.url.lastPathComponent).tar")
    self.includesStores = includesStores
    self.report = report
  }

  /// - Returns: What is in the archive, for the user.
  /// - Throws: `RunError` for a run that is going on, for an archive that is there already, and where tar or sha256sum are
  ///   missing; what a store throws that is damaged.
  public func run(status: TerminalStatus = TerminalStatus()) throws -> String {
    let record = try RunRecord(directory.url)
    guard !FileManager.default.fileExists(atPath: output.path) else {
      throw RunError(.unwritable, "\(output.relativePath) is there already; give another --out")
    }
    let lock = try directory.lock()
    defer { withExtendedLifetime(lock) {} }
    let name = output.deletingPathExtension().lastPathComponent
    let place = output.deletingLastPathComponent().appending(path: ".\(name).tmp-\(UUID().uuidString)")
    let folder = place.appending(path: name)
    defer { try? FileManager.default.removeItem(at: place) }
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw RunError(.unwritable, "cannot write beside \(output.relativePath): \(error.localizedDescription)")
    }
    var provenance = RunProvenance(record)
    try copyFiles(to: folder)
    try copyCheckpoint(to: folder, &provenance)
    if includesStores { try copyStores(of: record, to: folder, &provenance, status) }
    if !FileManager.default.fileExists(atPath: folder.appending(path: "report.html").path),
      let replay = try? RunReplay(directory.url)
    {
      try write(report(replay), to: folder.appending(path: "report.html"))
    }
    try write(RunState.text(provenance), to: folder.appending(path: "provenance.json"))
    try write(provenance.readme(name), to: folder.appending(path: "README.md"))
    let files = try Self.files(in: folder)
    try write(Tool("sha256sum").run(["--"] + files, in: folder), to: folder.appending(path: "SHA256SUMS"))
    try Interruption.check("Stopped; there is no archive.")
    let archive = place.appending(path: "archive.tar")
    let ended = Int((record.state.updated ?? Date(timeIntervalSince1970: 0)).timeIntervalSince1970)
    _ = try Tool("tar").run(
      [
        "--create", "--file", archive.path, "--format=gnu", "--sort=name", "--mtime=@\(ended)", "--owner=0",
        "--group=0",
        "--numeric-owner", "--mode=u=rwX,go=rX", name,
      ], in: place)
    // `link` refuses to replace what has come meanwhile.
    guard link(archive.path, output.path) == 0 else {
      throw RunError(.unwritable, "cannot make \(output.relativePath): \(String(cString: strerror(errno)))")
    }
    let bytes = (try? FileManager.default.attributesOfItem(atPath: output.path)[.size] as? Int) ?? 0
    return
      "\(output.relativePath): \(String(format: "%.1f", Double(bytes) / 1e6)) MB, \(files.count + 1) files\n"
      + provenance.contents.joined(separator: "\n")
      + "\nTo open it: tar xf \(output.relativePath); see README.md in it."
  }

  /// The files that lie in the run's folder itself.
  private func copyFiles(to folder: URL) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.url.path).sorted()
    for name in names where !name.hasPrefix(".") {
      let file = directory.file(name)
      guard (try? FileManager.default.attributesOfItem(atPath: file.path)[.type] as? FileAttributeType) == .typeRegular
      else { continue }
      try FileManager.default.copyItem(at: file, to: folder.appending(path: name))
    }
  }

  /// The best checkpoint, or where nothing was judged the newest.
  private func copyCheckpoint(to folder: URL, _ provenance: inout RunProvenance) throws {
    let checkpoints = CheckpointFolder(directory.file("checkpoints"))
    let files = checkpoints.files
    guard let file = files.last(where: { $0.step == checkpoints.bestStep }) ?? files.last else { return }
    let target = folder.appending(path: "checkpoints")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: file.url, to: target.appending(path: file.url.lastPathComponent))
    provenance.add(checkpoint: file, isBest: file.step == checkpoints.bestStep)
  }

  private func copyStores(
    of record: RunRecord, to folder: URL, _ provenance: inout RunProvenance, _ status: TerminalStatus
  ) throws {
    for node in record.description.nodes {
      guard let url = (node.component as? any Storing)?.url(in: directory),
        url.standardizedFileURL.path.hasPrefix(directory.url.path + "/"),
        FileManager.default.fileExists(atPath: url.appending(path: "zarr.json").path)
      else { continue }
      let target = folder.appending(path: url.lastPathComponent)
      let reader = try TrajectoryStoreReader(url)
      provenance.add(store: url.lastPathComponent, reader)
      if reader.isSealed {
        try FileManager.default.copyItem(at: url, to: target)
      } else {
        _ = try SealJob(url: url, target: target).run(status: status)
      }
    }
  }

  private func write(_ text: String, to url: URL) throws {
    do { try Data(text.utf8).write(to: url) } catch {
      throw RunError(.unwritable, "cannot write \(url.lastPathComponent): \(error.localizedDescription)")
    }
  }

  /// Every file under a folder, by its path there, in order.
  private static func files(in folder: URL) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted().filter { name in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: folder.appending(path: name).path, isDirectory: &isFolder)
        && !isFolder.boolValue
    }
  }
}
