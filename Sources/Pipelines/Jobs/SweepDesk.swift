internal import Disk
internal import Foundation
internal import Transports

/// What a worker does with a run of a sweep: it runs it in the sweep's folder, as a process of its own.
struct SweepDesk {
  let access: WorkerAccess
  let name: String
  let program: URL
  /// Where the pipeline file is written.
  let folder: URL
  let halt: @Sendable () -> Bool

  /// Why a task is left to others; nil where it is not.
  func reason(against payload: [UInt8]) -> String? {
    let task: SweepTask
    do { task = try SweepTask.read(payload) } catch { return "\(error)" }
    if let reason = access.reason(against: task.configuration) { return reason }
    // A folder of the same name on another disk is not the sweep's.
    guard (try? Fingerprint.of(contentsOf: URL(filePath: task.sweep).appending(path: SweepPlan.fileName))) == task.plan
    else {
      return
        "the sweep's folder \(task.sweep) is not here as it was announced: runs of a sweep need a disk that is shared"
    }
    return nil
  }

  func perform(_ claim: Claim, _ held: HeldWork) throws -> Worker.Outcome {
    if let reason = reason(against: claim.payload) { return .refused(reason) }
    let task = try SweepTask.read(claim.payload)
    let sweep = URL(filePath: task.sweep, directoryHint: .isDirectory)
    let directory = RunDirectory(sweep.appending(path: "\(task.number)", directoryHint: .isDirectory))
    let file = folder.appending(path: "\(task.number).yaml")
    do { _ = try PipelineDescription(text: task.pipeline) } catch { return .refused("\(error)") }
    try Data(task.pipeline.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let exists = FileManager.default.fileExists(atPath: directory.file("pipeline.yaml").path)
    var code: Int32 = 0
    if !exists || (try? RunState(of: directory))?.phase != .complete {
      let process = Process()
      process.executableURL = program
      process.arguments =
        ["run", file.path, "--no-page", "--directory", directory.url.path] + (exists ? ["--resume"] : [])
      if FileManager.default.fileExists(atPath: task.folder) {
        process.currentDirectoryURL = URL(filePath: task.folder, directoryHint: .isDirectory)
      }
      let log = open(
        sweep.appending(path: "\(task.number).log").path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
      guard log >= 0 else { return .refused("\(task.sweep) cannot be written here") }
      let handle = FileHandle(fileDescriptor: log, closeOnDealloc: true)
      (process.standardOutput, process.standardError) = (handle, handle)
      process.standardInput = FileHandle.nullDevice
      let ended = DispatchSemaphore(value: 0)
      process.terminationHandler = { _ in ended.signal() }
      do { try process.run() } catch { return .refused("\(program.path) could not be started") }
      var isLost = false
      while ended.wait(timeout: .now() + 0.5) == .timedOut {
        // Who lost the run leaves it to the other, who waits for the lock of its folder.
        if !isLost, held.isLost, held.isStillHeld() == false {
          isLost = true
          process.interrupt()
        }
        if halt() { process.interrupt() }
      }
      code = process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
      if isLost { return .dropped("it is another worker's by now; the run was stopped cleanly") }
      if halt() { throw RunError(.interrupted, "stopped") }
      // What `holstream run` ends with where it cannot write, EX_CANTCREAT.
      if code == 73 {
        return .refused(
          "its folder is being run in by another process, or cannot be written; \(task.number).log says which")
      }
    }
    return .answer(
      try SweepAnswer(configuration: task.configuration, number: task.number, worker: name, code: code).message)
  }
}
