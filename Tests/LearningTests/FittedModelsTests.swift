import Foundation
import TestSupport
import Testing
import Trajectories

@testable import Learning

/// The baselines on states that are no density matrices.
struct FittedModelsTests {
  /// Lorenz-96 in single steps of the Euler scheme, which a quadratic stencil could learn exactly and a linear one not.
  private func lorenz96(_ trajectory: Int, sites: Int, steps: Int) throws -> TrainingWindow {
    let layout = StateLayout([Field("x", shape: [sites])], domain: .ring(sites))
    var x = (0..<sites).map { 4 + sin(Double(7 * $0 + 3 * trajectory)) }
    var values: [Float] = []
    for frame in 0...(steps + 200) {
      if frame >= 200 { values += x.map { Float($0) } }
      x = (0..<sites).map { i in
        func at(_ k: Int) -> Double { x[(i + k + sites) % sites] }
        return x[i] + 0.01 * ((at(1) - at(-2)) * at(-1) - x[i] + 8)
      }
    }
    return try TrainingWindow(trajectory: trajectory, start: 0, layout: layout, values: values, tendencies: nil)
  }

  /// A damped rotation in the plane, driven by a constant that belongs to the trajectory.
  private func oscillator(_ trajectory: Int, steps: Int) throws -> TrainingWindow {
    let layout = StateLayout([Field("x"), Field("y"), Field("force", role: .parameter)])
    let force = Float(trajectory) - 1.5
    var values: [Float] = [1 + Float(trajectory), -1, force]
    for _ in 0..<steps {
      let (x, y) = (values[values.count - 3], values[values.count - 2])
      values += [x + 0.1 * y, y - 0.1 * x - 0.02 * y + 0.1 * force, force]
    }
    return try TrainingWindow(trajectory: trajectory, start: 0, layout: layout, values: values, tendencies: nil)
  }

  private func scales(_ windows: [TrainingWindow]) -> FieldScales {
    windows.reduce(into: FieldScalesFold()) { $0.add($1) }.result
  }

  @Test("A linear law of a vector with a parameter is found exactly, and the parameter stays as it is")
  func vector() throws {
    let windows = try (0..<4).map { try oscillator($0, steps: 40) }
    let model = try LinearRegression(fitting: windows[..<3], scales: scales(windows), ridge: 1e-12)
    let score = try RolloutScore(of: model, on: [windows[3]], steps: 40)
    #expect(score.fields.map(\.name) == ["x", "y"])
    #expect(score.total < 1e-3, "\(score.fields)")
    let end = try model.predictor(for: windows[3].layout).rollout(from: windows[3].state(0), steps: 40)[40]
    #expect(end["force"].first == 1.5)
    #expect(try RolloutScore(of: Persistence(), on: [windows[3]], steps: 40).total > 1)
  }

  @Test("On a ring of sites the linear model beats persistence, the echo-state network beats both, on other sizes too")
  func ring() throws {
    let windows = try (0..<4).map { try lorenz96($0, sites: 12, steps: 150) }
    let scales = scales(windows)
    var configuration = EchoStateNetwork.Configuration()
    configuration.channels = 24
    let linear = try LinearRegression(fitting: windows, scales: scales)
    let echo = try EchoStateNetwork(fitting: windows, scales: scales, configuration: configuration)
    let heldOut = [try lorenz96(9, sites: 12, steps: 60), try lorenz96(10, sites: 20, steps: 60)]
    func error(_ model: any SurrogateModel) throws -> Double {
      try RolloutScore(of: model, on: heldOut, steps: 1, warmUp: 10).total
    }
    let (first, second, third) = (try error(Persistence()), try error(linear), try error(echo))
    print("one step of Lorenz-96: persistence", first, "linear", second, "echo", third)
    #expect(second < 0.8 * first)
    #expect(third < 0.6 * second)
  }

  @Test("They are read again from their files and predict the same bits, and run on no other fields")
  func files() async throws {
    let ring = try (0..<2).map { try lorenz96($0, sites: 12, steps: 40) }
    let vectors = try (0..<3).map { try oscillator($0, steps: 40) }
    var configuration = EchoStateNetwork.Configuration()
    configuration.channels = 8
    configuration.ridge = 1e-4
    try await withTemporaryDirectory { folder in
      for windows in [ring, vectors] {
        for model in [
          try LinearRegression(fitting: windows, scales: scales(windows)),
          try EchoStateNetwork(fitting: windows, scales: scales(windows), configuration: configuration),
        ] as [any SurrogateModel] {
          let url = folder.appending(path: "model.safetensors")
          try model.safetensors().write(to: url)
          let read = try ModelCatalogue.model(contentsOf: url)
          #expect(read.summary == model.summary && read.layout == windows[0].layout)
          let (first, second) = (
            try model.predictor(for: windows[0].layout), try read.predictor(for: windows[0].layout)
          )
          for step in 0..<5 {
            first.observe(windows[0].state(step))
            second.observe(windows[0].state(step))
          }
          let (a, b) = (
            first.rollout(from: windows[0].state(5), steps: 4), second.rollout(from: windows[0].state(5), steps: 4)
          )
          #expect(a == b)
          #expect(a[4] != a[0])
          #expect(throws: LearningError.self) { try read.predictor(for: Fixtures.layout(sites: 6)) }
          var later = try model.safetensors()
          later.metadata["holstream.window"] = "2"
          try later.write(to: url)
          let refused = #expect(throws: LearningError.self) { try ModelCatalogue.model(contentsOf: url) }
          #expect(refused?.message.contains("holstream.window") == true)
        }
      }
    }
  }

  @Test("A damaged header of their files is refused, or what it says can be predicted with")
  func damaged() throws {
    let ring = try (0..<2).map { try lorenz96($0, sites: 6, steps: 40) }
    var configuration = EchoStateNetwork.Configuration()
    configuration.channels = 4
    configuration.ridge = 1e-4
    let linear = try LinearRegression(fitting: ring, scales: scales(ring))
    let echo = try EchoStateNetwork(fitting: ring, scales: scales(ring), configuration: configuration)
    let corpus = [[UInt8](try linear.safetensors().encoded()), [UInt8](try echo.safetensors().encoded())]
    let words = ["\"", "{", "}", "[", "]", ",", ":", "\\\"", "ridge", "channels", "layout", "holstream."]
    let mutator = Mutator(corpus: corpus, words: words, seed: 3)
    var understood = 0
    for number in 0..<600 {
      guard let file = try? Safetensors(Data(mutator.input(number))) else { continue }
      guard let model = try? ModelCatalogue.model(file, name: "damaged"), let layout = model.layout else { continue }
      guard layout.count <= 64, let predictor = try? model.predictor(for: layout) else { continue }
      understood += 1
      let state = State<Float>(layout, [Float](repeating: 0.5, count: layout.count))
      predictor.observe(state)
      _ = predictor.rollout(from: state, steps: 2)
    }
    #expect(understood > 0)
  }

  @Test("A square lattice has nine neighbours a place, small ones fewer, and a huge vector is refused in words")
  func neighbourhoods() throws {
    func place(_ layout: StateLayout) throws -> Neighbourhood { try Neighbourhood(layout) }
    let square = try place(StateLayout([Field("u", shape: [4, 5])], domain: .square(4, 5)))
    #expect(square.taps == 9 && square.sites == 20)
    // Of the corner: rows 3, 0, 1 and columns 4, 0, 1.
    #expect(Array(square.neighbours[..<9]) == [19, 15, 16, 4, 0, 1, 9, 5, 6])
    #expect(try place(StateLayout([Field("u", shape: [3])], domain: .ring(3))).taps == 3)
    #expect(try place(StateLayout([Field("u", shape: [1, 6])], domain: .square(1, 6))).taps == 3)
    let huge = StateLayout([Field("u", shape: [3000])])
    let refused = #expect(throws: LearningError.self) { try place(huge) }
    #expect(refused?.message.contains("3000 numbers") == true)
  }
}
