internal import Foundation

/// One process on one machine, so that it can be asked later whether it still lives.
struct HostProcess: Codable, Sendable, Equatable {
  var host: String
  /// Name of the processor, as the system gives it.
  var processor: String
  var identifier: Int32
  /// When it started, in ticks since the machine did: a number is given to another process one day, this pair is not.
  var start: UInt64?

  static let current = HostProcess(
    host: ProcessInfo.processInfo.hostName, processor: processorName(), identifier: getpid(),
    start: startTime(of: getpid()))

  /// Whether it still runs; nil where only another machine can know.
  var isAlive: Bool? {
    guard host == Self.current.host else { return nil }
    guard let start else { return kill(identifier, 0) == 0 }
    return Self.startTime(of: identifier) == start
  }

  private static func startTime(of process: Int32) -> UInt64? {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let end = text.lastIndex(of: ")")
    else { return nil }
    // The name before may hold anything; state is the third field, the start the twenty-second.
    let fields = text[text.index(after: end)...].split(separator: " ")
    return fields.count > 19 ? UInt64(fields[19]) : nil
  }

  private static func processorName() -> String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces) ?? "unknown"
  }
}
