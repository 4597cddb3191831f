public import Foundation
internal import Streams
internal import Zarr

/// `holstream tap`: what passes a node of a run that is going on, looked at from another terminal.
public struct TapJob: Sendable {
  private let directory: RunDirectory
  private let node: String
  private let count: Int?
  private let json: Bool

  /// - Parameters:
  ///   - node: A source or a stage, whose elements are told; of a sink, those that it reads.
  ///   - count: End after so many lines; nil for not.
  ///   - json: Tell whole elements as JSON.
  public init(_ run: URL, node: String, count: Int? = nil, json: Bool = false) {
    directory = RunDirectory(run)
    self.node = node
    self.count = count
    self.json = json
  }

  /// Tells a line an element until the run ends. Blocks its thread.
  /// - Throws: `RunError` for a run that is not going on here, and a node that it does not have.
  /// - Returns: What was seen, in words.
  public func run(_ print: (String) -> Void) throws -> String {
    let record = try RunRecord(directory.url)
    let origin = try origin(in: record)
    guard isRunning else {
      let log = record.logs(of: .trainingSteps).first { $0.node == origin }
      throw RunError(
        .badInput,
        "\(directory.shown()) is not being run on this machine, so nothing passes `\(origin)`; "
          + "`holstream tail \(log.map { RunDirectory.shown($0.url) } ?? directory.shown())` has what it logged")
    }
    let folder = TapPipe.folder(of: directory)
    do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
      throw RunError(.unwritable, "cannot make \(RunDirectory.shown(folder)): \(error.localizedDescription)")
    }
    let path = folder.appending(path: TapPipe.name(of: origin, unique: UUID().uuidString)).path
    guard mkfifo(path, 0o600) == 0 else {
      throw RunError(
        .unwritable, "cannot make a pipe in \(RunDirectory.shown(folder)): \(String(cString: strerror(errno)))")
    }
    defer {
      unlink(path)
      rmdir(folder.path)
    }
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw RunError(.unwritable, "cannot open a pipe: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    let (told, passed) = try read(descriptor, print)
    return "\(told) elements of `\(origin)` were told, \(passed) passed"
  }

  private var isRunning: Bool {
    guard let state = try? RunState(of: directory) else { return false }
    return state.phase == .running && state.process?.isAlive == true
  }

  /// The node whose elements are meant.
  private func origin(in record: RunRecord) throws -> String {
    let nodes = record.description.nodes
    guard let found = nodes.first(where: { $0.id == node }) else {
      throw RunError(
        .usage, "there is no node `\(node)` in this run; it has \(nodes.map(\.id).joined(separator: ", "))")
    }
    return found.role == .sink ? found.from ?? node : node
  }

  private func read(_ descriptor: Int32, _ print: (String) -> Void) throws -> (told: Int, passed: Int) {
    var waiting: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var (told, passed) = (0, 0)
    var hasBegun = false
    let most = count ?? .max
    while told < most, !Interruption.isRequested {
      var look = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&look, 1, 500) > 0 else {
        if !hasBegun, !isRunning { break }
        continue
      }
      let bytes = Foundation.read(descriptor, &buffer, buffer.count)
      if bytes < 0, errno == EAGAIN || errno == EINTR { continue }
      // The run has ended, or it gives no more.
      guard bytes > 0 else { break }
      hasBegun = true
      waiting += buffer[..<bytes]
      while let end = waiting.firstIndex(of: 10), told < most {
        let text = String(decoding: waiting[..<end], as: UTF8.self)
        waiting.removeSubrange(...end)
        let fields = TailFields(text)
        if case .number(let number)? = fields["passed"] { passed = Int(exactly: number) ?? passed }
        told += 1
        print(json ? text : Self.line(fields))
      }
    }
    return (told, passed)
  }

  private static func line(_ fields: TailFields) -> String {
    fields.shown.map { "\($0.name) \(TailFields.words($0.value))" }.joined(separator: "  ")
  }
}
