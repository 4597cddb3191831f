internal import Foundation
internal import Streams
internal import Synchronization

/// Gives what passes the nodes of a running run to whoever taps them from another process.
///
/// The folder of pipes is looked at now and then. Each reader gets the newest element some times a second, and costs the
/// run no waiting: one that takes nothing misses elements.
final class RunTaps: Sendable {
  private let directory: RunDirectory
  private let flows: [String: AnyFlow]
  private let assembly: PipelineAssembly
  private let served = Mutex<[String: Task<Void, Never>]>([:])
  /// Between two elements that a reader gets.
  private let pause: Duration

  /// - Parameter flows: What each node gives, by its name.
  init(_ assembly: PipelineAssembly, _ flows: [String: AnyFlow], pause: Duration = .milliseconds(50)) {
    directory = assembly.directory
    self.assembly = assembly
    self.flows = flows
    self.pause = pause
  }

  /// Looks whether somebody new has come.
  func look() {
    let folder = TapPipe.folder(of: directory)
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else { return }
    for name in names {
      guard let node = TapPipe.node(of: name), let flow = flows[node] else { continue }
      served.withLock { served in
        guard served[name] == nil else { return }
        guard let pipe = TapPipe.openForWriting(folder.appending(path: name).path) else { return }
        served[name] = Task {
          await give(flow, from: node, to: pipe)
          close(pipe)
        }
      }
    }
  }

  /// Ends all readers' pipes.
  func end() async {
    let tasks = served.withLock { served in
      defer { served = [:] }
      return Array(served.values)
    }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  private func give(_ flow: AnyFlow, from node: String, to pipe: Int32) async {
    switch flow {
    case .frames(let flow):
      let lines = FrameLines(assembly.trajectorySource(node))
      await give(flow, to: pipe) { lines.line($0) }
    case .observables(let flow): await give(flow, to: pipe) { $0 }
    case .trainingSteps(let flow): await give(flow, to: pipe) { $0 }
    case .checkpoints(let flow): await give(flow, to: pipe) { CheckpointLine($0) }
    case .climate(let flow): await give(flow, to: pipe) { $0 }
    case .verdicts(let flow): await give(flow, to: pipe) { $0 }
    }
  }

  private func give<Element: Sendable>(
    _ flow: Flow<Element>, to pipe: Int32, _ line: (Element) -> some Encodable
  ) async {
    let tap = flow.tap()
    defer { tap.close() }
    let encoder = JSONEncoder.withInfinities
    while let element = await tap.next() {
      let numbered = NumberedLine(passed: tap.passed, element: line(element))
      guard let data = try? encoder.encode(numbered) else { continue }
      guard await write(Array(data) + [10], to: pipe) else { return }
      try? await Task.sleep(for: pause)
    }
  }

  /// - Returns: Whether the reader is still there.
  private func write(_ bytes: [UInt8], to pipe: Int32) async -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(pipe, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        // The reader is behind: the elements of meanwhile pass it by.
        do { try await Task.sleep(for: pause) } catch { return false }
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }

  /// The element's own keys, and `passed`: how many have passed since the tap was opened.
  private struct NumberedLine<Element: Encodable>: Encodable {
    var passed: Int
    var element: Element

    private enum Key: CodingKey { case passed }

    func encode(to encoder: any Encoder) throws {
      try element.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(passed, forKey: .passed)
    }
  }
}
