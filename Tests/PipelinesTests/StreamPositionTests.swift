import Foundation
import Learning
import Streams
import TestSupport
import Testing
import Trajectories

@testable import Pipelines

@Suite("The trainer's place in the stream")
struct StreamPositionTests {
  @Test("A refused frame counts, whether it is one in the middle or all of an ensemble's end")
  func refused() throws {
    let settings = try OnlineRehearsal.settings()
    let frames = try OnlineRehearsal.frames.get()
    var training = try OnlineRehearsal.training(settings)
    for (number, frame) in frames.enumerated() where ![17, 18, 40].contains(number) && !(100..<123).contains(number) {
      try training.admit(frame)
      #expect(training.position == number + 1)
    }
  }

  @Test("Passes over a store number on")
  func passes() throws {
    let order = StreamOrder(abreast: 3, framesPerTrajectory: 4)
    let frames = try OnlineRehearsal.frames.get()
    var position = 0
    for pass in 0..<3 {
      for index in 0..<4 {
        for trajectory in 0..<3 {
          let frame = try #require(frames.first { $0.trajectory == trajectory && $0.index == index })
          #expect(order.number(of: frame, notBefore: position) == 12 * pass + 3 * index + trajectory)
          position = 12 * pass + 3 * index + trajectory + 1
        }
      }
    }
  }

  @Test(
    "Stopped and gone on with, training ends in the same bits though frames are refused in every ensemble",
    .timeLimit(.minutes(15)))
  func resume() async throws {
    // Too coarse a time step for so strong a coupling: the energy drifts, and the contract refuses the later frames.
    let yaml = Miniature.yaml(batches: 120)
      .replacing("every: 16, noise: 1e-2", with: "every: 4, noise: 1e-2, dt: 0.2, g: 2")
      .replacing("  store: { from: lattice, zarr: { path: trajectories.zarr, chunk: 8 } }\n", with: "")
    let description = try PipelineDescription(text: yaml)
    try await withTemporaryDirectory { folder in
      let whole = try PipelineRun(description, directory: folder.appending(path: "whole"), resuming: false)
      _ = try await whole.execute(status: TerminalStatus(isTerminal: false))
      let stopped = try PipelineRun(description, directory: folder.appending(path: "parts"), resuming: false)
      let stop = stopped.pipeline.graph.stop
      stopped.watchSteps { if $0 == 50 { stop.request() } }
      _ = try await stopped.execute(status: TerminalStatus(isTerminal: false))
      let reached = try #require(CheckpointFolder(stopped.directory.file("checkpoints")).files.last?.step)
      #expect((50..<120).contains(reached))
      let resumed = try PipelineRun(description, directory: folder.appending(path: "parts"), resuming: true)
      _ = try await resumed.execute(status: TerminalStatus(isTerminal: false))

      let refused = try String(contentsOf: whole.directory.file("refused-lattice.jsonl"), encoding: .utf8)
      let count = refused.split(separator: "\n").count
      #expect(count > 50)
      let results = try [whole, resumed].map {
        try Checkpoint(contentsOf: CheckpointFolder($0.directory.file("checkpoints")).file(step: 120).url)
      }
      #expect(results[0].training == results[1].training)
      #expect(results[0].notes == results[1].notes)
    }
  }
}
