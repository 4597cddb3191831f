internal import Foundation

/// What Prometheus is told of a run beside its edges and charts: what it is, how often it was begun, what its process and its
/// disk have, how many verdicts there are.
struct RunMetrics {
  var state: RunState
  var directory: RunDirectory

  /// In Prometheus' text format.
  var text: String {
    var lines = ""
    func metric(_ name: String, _ type: String, _ help: String, _ value: Double?, labels: [(String, String)] = []) {
      guard let value else { return }
      let named = labels.map { name, value in
        let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        return "\(name)=\"\(escaped)\""
      }
      lines += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
      lines += name + (named.isEmpty ? "" : "{\(named.joined(separator: ","))}") + " \(value)\n"
    }
    metric(
      "holstream_run_info", "gauge", "Which run it is.", 1,
      labels: [
        ("pipeline", state.pipeline), ("run", directory.url.path), ("configuration", state.configuration ?? ""),
        ("version", state.program?.number ?? ""), ("commit", state.program?.commit ?? ""),
        ("arithmetic", state.program?.arithmetic ?? ""),
      ])
    metric(
      "holstream_run_begun_seconds", "gauge", "When the run was begun first, since 1970.",
      state.begun?.timeIntervalSince1970)
    metric(
      "holstream_run_restarts_total", "counter", "How often the run was gone on with.", Double((state.starts ?? 1) - 1))
    metric("holstream_verdicts_total", "counter", "Verdicts that this process has given.", Double(state.judged))
    if let best = state.best {
      metric("holstream_best_step", "gauge", "The step of the best checkpoint.", Double(best.step))
      metric(
        "holstream_best_score", "gauge", "How good it is; smaller is better.", best.score,
        labels: [("measure", best.measure)])
    }
    // The names that Prometheus' own clients give.
    metric(
      "process_start_time_seconds", "gauge", "When this process began, since 1970.",
      state.started?.timeIntervalSince1970)
    var usage = rusage()
    if getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 {
      func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + 1e-6 * Double(time.tv_usec) }
      metric(
        "process_cpu_seconds_total", "counter", "Processor time of this process.",
        seconds(usage.ru_utime) + seconds(usage.ru_stime))
    }
    metric("process_resident_memory_bytes", "gauge", "Memory that this process holds.", Self.residentMemory)
    metric(
      "process_open_fds", "gauge", "Files that this process has open.",
      (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { Double($0.count) })
    var disk = statvfs()
    if statvfs(directory.url.path, &disk) == 0 {
      let block = Double(disk.f_frsize)
      metric("holstream_disk_free_bytes", "gauge", "What is free where the run writes.", block * Double(disk.f_bavail))
      metric("holstream_disk_size_bytes", "gauge", "How large that disk is.", block * Double(disk.f_blocks))
    }
    return lines
  }

  private static var residentMemory: Double? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
      let pages = text.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
    else { return nil }
    return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
  }
}
