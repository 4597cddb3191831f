import Foundation
import Testing
import Trajectories

@testable import Learning

struct IntegratingPredictorTests {
  @Test("Around the tendency of an oscillator, a rollout is its motion, and the frequency stays what it is")
  func oscillator() {
    let layout = StateLayout([Field("omega", role: .parameter), Field("x"), Field("v")])
    let predictor = IntegratingPredictor(layout, interval: 0.2, steps: 2) { state, tendency in
      tendency[0] = 5
      tendency[1] = state[2]
      tendency[2] = -state[0] * state[0] * state[1]
    }
    let states = predictor.rollout(from: State(layout, [1.5, 1, 0]), steps: 20)
    for (index, state) in states.enumerated() {
      #expect(state.values[0] == 1.5)
      #expect(abs(state.values[1] - cos(1.5 * 0.2 * Float(index))) < 1e-4)
    }
    #expect(predictor.tendency(at: states[0])?.values == [5, 0, -2.25])
  }

  @Test("What is learned stands in the configuration, and a family that cannot learn it is refused")
  func target() throws {
    var model = ModelConfiguration(family: .cnn)
    model.learns = .tendency
    model.interval = 0.5
    let json = try JSONEncoder().encode(model)
    #expect(try JSONDecoder().decode(ModelConfiguration.self, from: json) == model)
    let refused = #expect(throws: LearningError.self) { try model.validate() }
    #expect(refused?.message.contains("cannot learn the tendency") == true)
  }
}
