internal import Foundation
internal import Streams
internal import Synchronization

/// Keeps a run's `state.json` up to date while it runs.
final class RunStateKeeper: Sendable {
  private let directory: RunDirectory
  private let state: Mutex<RunState>
  private static let mostMessages = 20

  init(
    _ directory: RunDirectory, pipeline: String, configuration: String? = nil, program: ProgramVersion,
    now: Date = Date()
  ) {
    self.directory = directory
    var state = RunState(pipeline: pipeline, phase: .running)
    // A run that is gone on with keeps its beginning, and its best until there is another.
    if let earlier = try? RunState(of: directory), earlier.phase != .unknown {
      state.begun = earlier.begun
      state.starts = earlier.starts ?? 1
      state.best = earlier.best
      state.step = earlier.step
      state.steps = earlier.steps
    }
    state.configuration = configuration
    state.program = program
    state.process = .current
    state.begun = state.begun ?? now
    state.started = now
    state.starts = (state.starts ?? 0) + 1
    state.updated = now
    self.state = Mutex(state)
    state.write(in: directory)
  }

  /// Where the run stands, as it was last noted.
  var current: RunState { state.withLock { $0 } }

  func adopt(configuration: String) { state.withLock { $0.configuration = configuration } }

  /// Takes in what the run has told.
  func take(_ event: RunEvent) {
    state.withLock { state in
      switch event {
      case .progress(let progress):
        state.step = progress.step
        state.steps = progress.total
        state.loss = progress.loss
        state.stepsPerSecond = progress.rate
        state.secondsLeft = progress.secondsLeft
      case .graph(let graph, _):
        state.graph = graph
        state.frames = graph.edges.map(\.counters.sent).max() ?? 0
      case .message(let text):
        state.messages.append(text)
        if state.messages.count > Self.mostMessages { state.messages.removeFirst() }
      case .point, .curves, .image, .row, .about: break
      }
    }
  }

  func note(judged: Int, best: RunState.Best?) {
    state.withLock { state in
      state.judged = judged
      state.best = best ?? state.best
    }
  }

  /// Writes what it knows.
  func write(now: Date = Date()) {
    let copy = state.withLock { state in
      state.updated = now
      return state
    }
    copy.write(in: directory)
  }

  /// Writes how it ended; the error in words where there is one.
  func end(_ error: (any Error)?, now: Date = Date()) {
    state.withLock { state in
      state.reason = error.map { "\($0)" }
      state.phase =
        switch (error as? RunError)?.code {
        case .interrupted?: .stopped
        case .alert?: .alert
        default: error == nil ? .complete : .failed
        }
    }
    write(now: now)
  }
}
