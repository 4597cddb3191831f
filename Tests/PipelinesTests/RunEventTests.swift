import Foundation
import Streams
import Systems
import TestSupport
import Testing
import Trajectories

@testable import Climate
@testable import Pipelines

@Suite("What a run tells")
struct RunEventTests {
  @Test("Without a page in the pipeline, progress and verdicts are told all the same", .timeLimit(.minutes(15)))
  func withoutPage() async throws {
    try await withTemporaryDirectory { folder in
      let yaml = Miniature.yaml().split(separator: "\n", omittingEmptySubsequences: false)
        .filter { !$0.contains("page") }.joined(separator: "\n")
      let run = try PipelineRun(
        PipelineDescription(text: yaml), directory: folder.appending(path: "run"), resuming: false)
      _ = try await run.execute(status: TerminalStatus(isTerminal: false))
      let progress = run.events.history.compactMap { if case .progress(let progress) = $0 { progress } else { nil } }
      let rows = run.events.history.compactMap { if case .row(let row) = $0 { row } else { nil } }
      #expect(progress.map(\.step) == [24])
      #expect(progress.map(\.total) == [24])
      #expect(rows.last?.key == "step-00000024")
      #expect(
        try #require(rows.last?.words).wholeMatch(
          of: #/  step      24   rollout RMSE Δρ \d\.\d\de[-+]\d\d  ΔQ \d\.\d\de[-+]\d\d   surviving ...  ?%/#) != nil,
        "\(rows.last?.words ?? "")")
    }
  }

  @Test("The status line is made of progress, the last row in brief and the frames; rows and messages are printed")
  func statusLine() {
    var words = StatusWords()
    #expect(words.line(elapsed: .seconds(2)) == "2 s  0 frames")
    #expect(words.take(.progress(.init(step: 40, total: 100, loss: 1e-3, rate: 2, secondsLeft: 30))) == nil)
    #expect(
      words.take(.row(.init(table: "t", key: "k", values: [], words: "  a line", brief: "in brief"))) == "  a line")
    #expect(words.take(.row(.init(table: "t", key: "k", values: []))) == nil)
    #expect(words.take(.message("hello")) == "hello")
    #expect(
      words.line(elapsed: .seconds(12))
        == "12 s  step 40/100  loss 1.000e-03  in brief  0 frames  30 s left")
  }

  @Test("Where output is no terminal a line comes after ten seconds and then every minute")
  func rhythm() {
    let start = ContinuousClock.now
    var rhythm = TerminalStatus.Rhythm(since: start)
    let lines = (0..<300).filter { rhythm.isDue(at: start + .seconds($0)) }
    #expect(lines == [10, 70, 130, 190, 250])
  }

  @Test("A progress without a rate, or with one that is next to nothing, promises no end")
  func noRate() {
    for rate in [0, -1, 1e-300, .nan] {
      var words = StatusWords()
      _ = words.take(
        .progress(.init(step: 0, total: 100, loss: .nan, rate: rate, secondsLeft: rate > 0 ? 100 / rate : nil)))
      #expect(!words.line(elapsed: .zero).contains("left"))
    }
  }

  @Test("Live and judged autocorrelations run over the same lag, in the same unit")
  func sharedAxis() throws {
    var climate = RollingClimate(names: ["deltaRho"], window: 64, maximumLag: 8)
    for frame in 0..<64 { climate.add(trajectory: 0, values: [sin(Double(frame))]) }
    func axes(_ events: [RunEvent]) -> [(x: RunEvent.Axis, step: Double)] {
      events.compactMap { event in
        guard case .curves(let chart, let series) = event, chart.section == "Autocorrelation" else { return nil }
        return (chart.x, series[0].step)
      }
    }
    let system = try HolsteinSystem(EnsembleConfiguration(preset: .shallow, sites: 4, seed: 1))
    let source = SimulatedTrajectories(system, seed: 1, abreast: 1, frames: 40)
    let states = try source.frames(of: 0, 0..<40).map(\.state)
    let truth = try RolloutTruth(of: system, states: [states], interval: 0.64)
    let verdict = Verdict(checkpoint: "step-1", step: 1, Rollouts(truth, model: [states]))
    let live = try #require(axes(EventCharts(source).events(of: climate.snapshot())).first)
    let judged = axes(EventCharts(source).events(of: verdict))
    #expect(!judged.isEmpty)
    for axis in judged { #expect(axis == live) }
    #expect(live.x.unit != nil)
    let counted = try #require(axes(EventCharts(nil).events(of: climate.snapshot())).first)
    #expect(counted.x.title == "lag (frames)")
    #expect(counted.step == 1)
  }

  @Test("A trajectory on a ring is shown over time once, from its beginning, and another only after a while")
  func spaceTime() throws {
    let system = try HolsteinSystem(EnsembleConfiguration(preset: .shallow, sites: 6, seed: 1))
    let source = SimulatedTrajectories(system, seed: 1, abreast: 2, frames: 330)
    let maps = try #require(SpaceTimeMaps(source))
    let start = ContinuousClock.now
    let events = maps.events(of: 1, at: start)
    #expect(events.count == system.siteSeries.count && !events.isEmpty)
    let frames = try source.frames(of: 1, 0..<330)
    for (event, series) in zip(events, system.siteSeries) {
      guard case .image(let chart, let image) = event else { throw CancellationError() }
      #expect(chart.subject == "trajectory 1" && chart.title == "\(series.symbol) on the ring")
      #expect(image.rows == 6 && image.columns == 110, "every third frame")
      #expect(image.xRange == [frames[0].time, frames[327].time + 3 * source.interval] && image.yRange == [0, 6])
      for (column, site) in [(0, 0), (50, 3), (109, 5)] {
        let exact = series.values(frames[3 * column].state)[site]
        #expect(abs(image.values[site * 110 + column] - exact) <= 0.005 * abs(exact))
      }
    }
    #expect(maps.events(of: 1, at: start + .seconds(1000)).isEmpty, "shown already")
    #expect(maps.events(of: 0, at: start + .seconds(1)).isEmpty, "too soon")
    #expect(!maps.events(of: 0, at: start + .seconds(100_000)).isEmpty)
    #expect(maps.events(of: 7_000_000, at: start + .seconds(300_000)).isEmpty == (source.length(7_000_000) == nil))
    #expect(SpaceTimeMaps(SimulatedTrajectories(Lorenz63(), seed: 1, abreast: 1, frames: 9)) == nil)
  }

  @Test("Every verdict is a point, beside the best until then")
  func checkpoints() throws {
    let system = try HolsteinSystem(EnsembleConfiguration(preset: .shallow, sites: 4, seed: 1))
    let source = SimulatedTrajectories(system, seed: 1, abreast: 1, frames: 40)
    let states = try source.frames(of: 0, 0..<40).map(\.state)
    let truth = try RolloutTruth(of: system, states: [states], interval: 0.64)
    let charts = CheckpointCharts()
    func score(_ step: Int, _ model: [State<Double>]) throws -> (of: Double, best: Double) {
      let verdict = Verdict(checkpoint: "step-\(step)", step: step, Rollouts(truth, model: [model]))
      guard case .point(let chart, let x, let values) = charts.events(of: verdict)[0] else { throw CancellationError() }
      #expect(x == Double(step) && chart.section == "Checkpoints" && chart.subject == nil)
      return (try #require(values["of the checkpoint"]), try #require(values["best so far"]))
    }
    let still = Array(repeating: states[0], count: 40)
    let good = try score(1, states)
    let bad = try score(2, still)
    #expect(good.of == good.best)
    #expect(bad.of > good.of && bad.best == good.of)
  }

  @Test("Of trajectories that come mixed one is followed, and another when it has ended")
  func followed() {
    var followed = FollowedTrajectory()
    let shown = (0..<3).flatMap { round in
      (0..<100).flatMap { _ in (0..<4).map { $0 + 4 * round } }
    }.filter { followed.admits($0) }
    #expect(Set(shown.prefix(100)) == [0])
    #expect(Set(shown).count == 3)
    #expect(shown.count > 250)
    #expect(shown.map { $0 / 4 } == shown.map { $0 / 4 }.sorted())
  }
}
