import Foundation
import TestSupport
import Testing
import Trajectories

@testable import Learning

struct SurrogateTests {
  @Test(
    "On real trajectories the linear model beats persistence and the echo-state network beats both",
    .enabled(if: Fixtures.hasGolden))
  func baselines() throws {
    let windows = try Fixtures.goldenWindows(steps: 20)
    let (training, heldOut) = (windows[..<10], windows[10...])
    var fold = FieldScalesFold()
    for window in training { fold.add(window) }
    let linear = try LinearRegression(fitting: training, scales: fold.result)
    var setting = EchoStateNetwork.Configuration()
    setting.channels = 24
    let echo = try EchoStateNetwork(fitting: training, scales: fold.result, configuration: setting)
    func score(_ model: any SurrogateModel) throws -> RolloutScore {
      let score = try RolloutScore(
        of: model, on: heldOut, steps: 1, warmUp: 10, observables: Fixtures.orderParameters(sites: 16))
      print(model.summary, "one-step error", score.total, "order", score.observableTotal)
      return score
    }
    let persistence = try score(Persistence())
    #expect(try score(linear).total < 0.6 * persistence.total)
    #expect(try score(echo).total < 0.8 * score(linear).total)
  }

  @Test(
    "Any number of cores gives the bits of one, on any lattice, also where weights are transformed on the way",
    arguments: [(64, 16), (64, 32), (70, 48), (96, 32), (104, 48), (64, 10)])
  func cores(channels: Int, sites: Int) throws {
    let configuration = ModelConfiguration(family: .parc, channels: channels, zeroInitialisedOutput: false)
    let model = try NetworkModel(
      configuration: configuration, parameters: NetworkModel.initialParameters(configuration, seed: 3))
    let start = try Fixtures.window(sites: sites, steps: 1).state(0)
    let one = try model.networkPredictor(for: Fixtures.layout(sites: sites), workers: 1).rollout(from: start, steps: 2)
    #expect(one[2].values.allSatisfy { $0.isFinite })
    for workers in [2, 3] {
      #expect(
        try model.networkPredictor(for: Fixtures.layout(sites: sites), workers: workers).rollout(from: start, steps: 2)
          == one)
    }
  }

  @Test("Every family is read again from its file and predicts the same bits, on any even lattice")
  func catalogue() async throws {
    let windows = try (0..<3).map { try Fixtures.window(trajectory: $0, steps: 8) }
    var setting = EchoStateNetwork.Configuration()
    setting.channels = 5
    let cnn = ModelConfiguration(family: .cnn, channels: 5, zeroInitialisedOutput: false)
    let parc = ModelConfiguration(family: .parc, channels: 3, blocks: 2, zeroInitialisedOutput: false)
    let models: [any SurrogateModel] = [
      Persistence(), try LinearRegression(fitting: windows, scales: Fixtures.scales),
      try EchoStateNetwork(fitting: windows, scales: Fixtures.scales, configuration: setting),
      try NetworkModel(configuration: cnn, parameters: NetworkModel.initialParameters(cnn, seed: 1)),
      try NetworkModel(configuration: parc, parameters: NetworkModel.initialParameters(parc, seed: 1)),
    ]
    try await withTemporaryDirectory { folder in
      for model in models {
        let file = folder.appending(path: "model.safetensors")
        try model.safetensors().write(to: file)
        let read = try ModelCatalogue.model(contentsOf: file)
        #expect(read.summary == model.summary)
        for sites in [2, 6, 10, 16] {
          var (a, b) = (try Fixtures.window(sites: sites).state(0), try Fixtures.window(sites: sites).state(0))
          let (first, second) = (
            try model.predictor(for: Fixtures.layout(sites: sites)),
            try read.predictor(for: Fixtures.layout(sites: sites))
          )
          for _ in 0..<3 {
            first.advance(&a)
            second.advance(&b)
          }
          #expect(a == b, "\(model.summary)")
        }
        if !(model is Persistence) {
          #expect(throws: LearningError.self) { try model.predictor(for: Fixtures.layout(sites: 7)) }
        }
      }
      let unknown = folder.appending(path: "unknown.safetensors")
      try Safetensors(metadata: ["holstream.family": "oracle"]).write(to: unknown)
      #expect(throws: LearningError.self) { try ModelCatalogue.model(contentsOf: unknown) }
    }
  }

  @Test("Projection gives a Hermitian matrix of trace L/2 and leaves such a matrix alone")
  func projection() throws {
    var state = try Fixtures.window(sites: 8).state(0)
    ProjectedModel.project(&state)
    var trace: Float = 0
    for i in 0..<8 {
      trace += state.values[2 * (9 * i)]
      for j in 0..<8 {
        #expect(state.values[2 * (8 * i + j)] == state.values[2 * (8 * j + i)])
        #expect(state.values[2 * (8 * i + j) + 1] == -state.values[2 * (8 * j + i) + 1])
      }
    }
    #expect(abs(trace - 4) < 1e-5)
    var again = state
    ProjectedModel.project(&again)
    for (a, b) in zip(again.values, state.values) { #expect(abs(a - b) < 1e-6) }
    // The wrapper projects after every step of the model underneath.
    var rolled = try Fixtures.window(sites: 8).state(0)
    try ProjectedModel(Persistence()).predictor(for: Fixtures.layout(sites: 8)).advance(&rolled)
    #expect(rolled == state)
  }

  @Test(
    "The published network beats persistence on held-out frames, and its score counts every rollout",
    .enabled(if: Fixtures.hasPublished))
  func score() throws {
    let weights = try #require(Places.goldenFile("tiny_L16.safetensors"))
    let windows = try Fixtures.goldenWindows(steps: 10)
    let model = try ModelCatalogue.model(contentsOf: weights)
    let ours = try RolloutScore(of: model, on: windows.suffix(4), steps: 4)
    let persistence = try RolloutScore(of: Persistence(), on: windows.suffix(4), steps: 4)
    #expect(ours.rollouts == 4 * 7)
    #expect(ours.total < 0.1 * persistence.total)
    #expect(throws: LearningError.self) { try RolloutScore(of: model, on: windows, steps: 11) }
  }

  @Test("Scalars of two halves of the data merge to the scalars of the whole, in either order")
  func scalars() throws {
    let windows = try (0..<6).map { try Fixtures.window(trajectory: $0) }
    func fold(_ windows: some Sequence<TrainingWindow>) -> FieldScalesFold {
      windows.reduce(into: FieldScalesFold()) { $0.add($1) }
    }
    let (whole, first, second) = (fold(windows), fold(windows[..<3]), fold(windows[3...]))
    for (a, b) in [(first, second), (second, first)] {
      var merged = a
      merged.merge(b)
      #expect(merged == whole)
    }
    #expect(whole.result["rho"].state <= 0.56 && whole.result["rho"].state > 0.49)
    #expect(whole.result["rho"].increment <= 0.021 && whole.result["rho"].tendency <= 0.04)
  }

  @Test("A rollout shared between two cores gives the same bits as on one", arguments: [16, 32, 48])
  func sharedRollout(sites: Int) throws {
    let configuration = ModelConfiguration(family: .parc, channels: 96, zeroInitialisedOutput: false)
    let model = try NetworkModel(
      configuration: configuration, parameters: NetworkModel.initialParameters(configuration, seed: 1))
    var (one, two) = (try Fixtures.window(sites: sites).state(0), try Fixtures.window(sites: sites).state(0))
    try model.networkPredictor(for: Fixtures.layout(sites: sites), workers: 1).advance(&one)
    try model.networkPredictor(for: Fixtures.layout(sites: sites), workers: 2).advance(&two)
    #expect(one == two)
    #expect(one != (try Fixtures.window(sites: sites).state(0)))
  }
}
