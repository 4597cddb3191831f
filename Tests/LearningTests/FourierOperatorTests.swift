import Foundation
import Tensors
import Testing
import Trajectories

@testable import Learning

@Suite("Fourier neural operators")
struct FourierOperatorTests {
  /// Two fields on a ring, one of two components, and one that does not evolve.
  static let layout = GridNetworkTests.ring(9)

  static func configuration(zero: Bool = false, learns: LearningTarget = .state) -> TrainerConfiguration {
    var configuration = GridNetworkTests.configuration(layout)
    let settings = FourierOperatorSettings(width: 8, layers: 3, modes: 4, projection: 10, zeroInitialisedOutput: zero)
    configuration.model = ModelConfiguration(
      family: .fno, settings: settings.attributes, scales: configuration.model.scales, learns: learns,
      interval: learns == .tendency ? 0.1 : nil, layout: layout)
    return configuration
  }

  @Test(
    "The gradient is the slope of the loss, of the state and of the tendency",
    arguments: [LearningTarget.state, .tendency])
  func slope(learns: LearningTarget) throws {
    try Slope.check(
      Self.configuration(learns: learns), GridNetworkTests.batch(Self.layout, count: 9), distance: 1e-3, tolerance: 2e-3
    )
  }

  @Test("It begins as persistence, learns a batch, and its checkpoint is the same model")
  func learns() throws {
    let trainer = try Trainer(configuration: Self.configuration(zero: true))
    let batch = try GridNetworkTests.batch(Self.layout)
    let start = batch.samples[0].window.state(0)
    #expect(try trainer.model().predictor(for: Self.layout).rollout(from: start, steps: 1)[1] == start)
    let first = try trainer.step(batch).loss.total
    for _ in 0..<120 { try trainer.step(batch) }
    #expect(try trainer.step(batch).loss.total < 0.5 * first)
    let file = try trainer.checkpoint().safetensors()
    let again = try Trainer(resuming: Checkpoint(Safetensors(try file.encoded()), name: "checkpoint"))
    #expect(again.checkpoint() == trainer.checkpoint())
    let (a, b) = (
      try trainer.model().predictor(for: Self.layout).rollout(from: start, steps: 3),
      try again.model().predictor(for: Self.layout).rollout(from: start, steps: 3)
    )
    #expect(a == b)
  }

  @Test("A shift of the state is a shift of the prediction, and what does not evolve stays")
  func shift() throws {
    let predictor = try Trainer(configuration: Self.configuration()).model().predictor(for: Self.layout)
    let state = try GridNetworkTests.batch(Self.layout).samples[0].window.state(0)
    func shifted(_ state: State<Float>) -> State<Float> {
      var result = state
      for j in 0..<9 {
        for part in 0..<2 { result.values[2 * j + part] = state.values[2 * ((j + 4) % 9) + part] }
        for field in [18, 27] { result.values[field + j] = state.values[field + (j + 4) % 9] }
      }
      return result
    }
    let (plain, moved) = (
      predictor.rollout(from: state, steps: 2)[2], predictor.rollout(from: shifted(state), steps: 2)[2]
    )
    for (a, b) in zip(shifted(plain).values, moved.values) { #expect(abs(a - b) < 1e-5) }
    #expect(zip(plain.values[..<27], state.values).contains { abs($0 - $1) > 1e-2 })
    #expect(plain.values[27...] == state.values[27...])
  }

  @Test("With fluxes the sum of every component is kept, and the gradient is the slope of the loss")
  func flux() throws {
    var configuration = Self.configuration()
    configuration.model.constraint = .flux
    let batch = try GridNetworkTests.batch(Self.layout, count: 9)
    try Slope.check(configuration, batch, distance: 1e-3, tolerance: 2e-3)
    let state = batch.samples[0].window.state(0)
    let later = try Trainer(configuration: configuration).model().predictor(for: Self.layout).rollout(
      from: state, steps: 20
    ).last!
    #expect(zip(later.values, state.values).contains { abs($0 - $1) > 0.1 })
    for places in [stride(from: 0, to: 18, by: 2), stride(from: 1, to: 18, by: 2), stride(from: 18, to: 27, by: 1)] {
      let (before, after) = (places.map { state.values[$0] }, places.map { later.values[$0] })
      #expect(abs(after.reduce(0, +) - before.reduce(0, +)) < 1e-4)
    }
  }

  @Test("Another ring, a square, more modes than there are and constraints are refused with the reason")
  func refused() throws {
    let model = try Trainer(configuration: Self.configuration()).model()
    let other = #expect(throws: LearningError.self) { try model.predictor(for: GridNetworkTests.ring(18)) }
    #expect(other?.message.contains("wavelengths") == true)
    func message(_ change: (inout ModelConfiguration) -> Void) -> String {
      var configuration = Self.configuration()
      change(&configuration.model)
      let error = #expect(throws: LearningError.self) { try Trainer(configuration: configuration) }
      return error?.message ?? ""
    }
    #expect(message { $0.settings["modes"] = .number(6) }.contains("has 5 Fourier modes"))
    #expect(message { $0.settings["width"] = .number(0) }.contains("width of an fno"))
    #expect(message { $0.constraint = .projection }.contains("only a density matrix"))
    #expect(message { $0.layout = GridNetworkTests.square(4, 3) }.contains("the family “fno” cannot learn"))
  }
}
