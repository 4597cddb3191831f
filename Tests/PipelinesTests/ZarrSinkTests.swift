import Foundation
import Streams
import Synchronization
import Systems
import TestSupport
import Testing
import Trajectories

@testable import Pipelines
@testable import Zarr

@Suite("The zarr sink and the replay source")
struct ZarrSinkTests {
  private func run(_ sink: String, in folder: URL, ensembles: Int = 2, resuming: Bool = false) async throws
    -> PipelineRun
  {
    let text = """
      name: store
      seed: 3
      sources:
        lattice:
          holstein: { preset: shallow, sites: 8, trajectories: 2, frames: 20, every: 4, ensembles: \(ensembles) }
      sinks:
        store: { from: lattice, zarr: { path: s.zarr, \(sink) } }
      """
    let run = try PipelineRun(PipelineDescription(text: text), directory: folder, resuming: resuming)
    _ = try await run.execute(status: TerminalStatus(isTerminal: false))
    return run
  }

  @Test("A complete run is sealed, in any preset, and going on with it puts the chunks back")
  func sealing() async throws {
    try await withTemporaryDirectory { folder in
      _ = try await run("preset: lossless", in: folder.appending(path: "plain"))
      let truth = try TrajectoryStoreReader(folder.appending(path: "plain/s.zarr"))
      #expect(!truth.isSealed && truth.trajectories == 4 && truth.length(3) == 20)
      let directory = folder.appending(path: "sealed")
      for ensembles in [2, 3] {
        _ = try await run(
          "preset: compact, threads: 2, level: 3, seal: true", in: directory, ensembles: ensembles,
          resuming: ensembles == 3)
        let reader = try TrajectoryStoreReader(directory.appending(path: "s.zarr"))
        #expect(reader.isSealed && reader.trajectories == 2 * ensembles)
        for trajectory in 0..<4 {
          #expect(
            try reader.readBytes("rho", trajectory: trajectory, frames: 0..<20)
              == truth.readBytes("rho", trajectory: trajectory, frames: 0..<20))
        }
      }
    }
  }

  @Test("Only the last trajectories are kept, and a run that goes on does not simulate the deleted ones again")
  func keeping() async throws {
    try await withTemporaryDirectory { folder in
      for ensembles in [4, 5] {
        let run = try await run(
          "keep: last 3 trajectories", in: folder, ensembles: ensembles, resuming: ensembles == 5)
        let reader = try TrajectoryStoreReader(folder.appending(path: "s.zarr"))
        #expect(reader.trajectories == 2 * ensembles)
        #expect(reader.retired == 2 * ensembles - 3)
        #expect((reader.retired..<reader.trajectories).allSatisfy { reader.length($0) == 20 })
        let messages = run.events.history.compactMap { if case .message(let text) = $0 { text } else { nil } }
        #expect(messages.contains { $0.contains("deleted the") })
      }
    }
  }

  @Test("Trajectories are stored whole and deleted while the run goes on, also where their last chunk is never full")
  func keepingUnderWay() async throws {
    try await withTemporaryDirectory { folder in
      // Chunks of 8 frames, trajectories of 20: the last chunk has 4.
      let run = try await run("chunk: 8, keep: last 3 trajectories", in: folder, ensembles: 6)
      let messages = run.events.history.compactMap { if case .message(let text) = $0 { text } else { nil } }
      #expect(messages.filter { $0.contains("deleted the") }.count >= 3)
      let reader = try TrajectoryStoreReader(folder.appending(path: "s.zarr"))
      #expect((0..<12).map { reader.length($0) } == Array(repeating: 0, count: 9) + [20, 20, 20])
    }
  }

  @Test("Amounts, ages and numbers of trajectories are understood")
  func retention() {
    #expect(ZarrSink.retention("200 GB") == .bytes(200_000_000_000))
    #expect(ZarrSink.retention("7 days") == .age(.seconds(7 * 86400)))
    #expect(ZarrSink.retention("last 500 trajectories") == .trajectories(500))
    #expect(ZarrSink.retention("last 1 trajectory") == .trajectories(1))
    for text in ["many", "last none trajectories", "last 0 trajectories", "500"] {
      #expect(ZarrSink.retention(text) == nil, "\(text)")
    }
  }

  @Test("After a refused frame its trajectory ends in the store, which is said once, and the others go on")
  func refusedFrame() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      let told = Mutex<[String]>([])
      let system = try HolsteinSystem(EnsembleConfiguration(preset: .shallow, sites: 4, seed: 1))
      var ensemble = try system.ensemble(0..<3, seed: 1)
      let sound = try (0..<6).flatMap { _ in try ensemble.advance() }
      let frames = Mutex(sound.filter { $0.trajectory != 1 || $0.index != 2 }.reversed() as [Frame])
      let pipeline = Pipeline("p") { graph in
        let flow = graph.source("frames") { frames.withLock { $0.popLast() } }
        graph.sink(
          "store", reading: flow.lossless(buffer: 4),
          into: ZarrSink.StoreSink<Frame>(
            writer: ZarrSink.Writer(nil, url: url),
            layout: { _ in
              TrajectoryStoreLayout(
                fields: StoreFields.fields(of: system.layout, isSingle: false, withMids: false), framesPerChunk: 2)
            },
            plan: { fields, store in
              let plan = try StoreFields.Plan(fields, of: system.layout, in: store)
              return { frame, index, field, target in plan.put(frame, index, field, into: target) }
            }, retention: nil, expectedFrames: { _ in 6 }, isSealed: true,
            patience: DiskPatience(halt: graph.halt) { _ in }, tell: { text in told.withLock { $0.append(text) } }))
      }
      try await pipeline.run()
      let reader = try TrajectoryStoreReader(url)
      #expect((0..<3).map { reader.length($0) } == [6, 2, 6] && reader.isSealed)
      #expect(told.withLock { $0.filter { $0.contains("frame 2 was refused") }.count } == 1)
    }
  }

  @Test("A replay that follows streams what is stored while it is written, each frame once, and ends with the writer")
  func following() async throws {
    try await withTemporaryDirectory { folder in
      _ = try await run("chunk: 4", in: folder.appending(path: "a"), ensembles: 1)
      let whole = try StoredTrajectories(folder.appending(path: "a/s.zarr"))
      let growing = folder.appending(path: "growing.zarr")
      let writer = try TrajectoryStoreWriter(
        creating: growing,
        layout: TrajectoryStoreLayout(
          fields: whole.reader.fields, framesPerChunk: 4, attributes: whole.reader.attributes))
      func append(_ frames: Range<Int>) throws {
        for index in frames {
          for trajectory in 0..<2 {
            let frame = try whole.frames(of: trajectory, index..<index + 1)[0]
            try writer.append(frame, StoreFields.Plan(writer.layout.fields, of: whole.layout, in: "growing"))
          }
        }
        try writer.settle()
      }
      try append(0..<6)
      let text = """
        name: copy
        sources:
          store: { replay: { path: \(growing.path), follow: true } }
        sinks:
          copy: { from: store, zarr: { path: copy.zarr, chunk: 2 } }
        """
      let run = try PipelineRun(
        PipelineDescription(text: text), directory: folder.appending(path: "b"), resuming: false)
      async let summary = run.execute(status: TerminalStatus(isTerminal: false))
      // The copy has what was there; the rest comes while it runs.
      let copy = folder.appending(path: "b/copy.zarr")
      for await case .graph in run.events.events()
      where (try? TrajectoryStoreReader(copy))?.trajectories ?? 0 >= 2 { break }
      try append(6..<20)
      try writer.close()
      _ = try await summary
      let reader = try TrajectoryStoreReader(copy)
      for trajectory in 0..<2 {
        #expect(reader.length(trajectory) == 20)
        #expect(
          try reader.readBytes("Q", trajectory: trajectory, frames: 0..<20)
            == whole.reader.readBytes("Q", trajectory: trajectory, frames: 0..<20))
      }
    }
  }
}
