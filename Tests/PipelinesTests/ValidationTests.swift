import Foundation
import Learning
import Testing

@testable import Pipelines

@Suite("Validation during training")
struct ValidationTests {
  private func validations(_ options: String...) throws -> (OnlineTraining, [Validation]) {
    var training = try OnlineRehearsal.training(OnlineRehearsal.settings(options))
    var found: [Validation] = []
    for frame in try OnlineRehearsal.frames.get() {
      try training.admit(frame)
      while training.isStepDue {
        _ = try training.step()
        if let validation = try training.validation() { found.append(validation) }
      }
    }
    return (training, found)
  }

  @Test("Comes every so many steps, from held-out trajectories alone, and leaves the training as it is")
  func schedule() throws {
    let (training, found) = try validations("validation={ every: 8, windows: 4, steps: 6 }")
    #expect(found.map(\.step) == [8, 16, 24])
    #expect(found.map(\.unrolled) == [1, 3, 3])
    #expect(found.allSatisfy { $0.windows >= 1 && $0.windows <= 4 && $0.rollout.rollouts == $0.windows })
    #expect(found.allSatisfy { $0.loss.total > 0 && $0.rollout.total > 0 && $0.persistence > 0 })
    let held = try #require(try training.checkpoint()?.notes["held-out"])
    let state = try JSONDecoder().decode(Reservoir.State.self, from: Data(held.utf8))
    #expect(!state.entries.isEmpty)
    #expect(state.entries.allSatisfy { OnlineRehearsal.isHeldOut($0.trajectory) && $0.steps == 6 })
    let live = Set(training.reservoir.windows.map(\.trajectory))
    #expect(live.isDisjoint(with: state.entries.map(\.trajectory)))

    let (without, none) = try validations("validation.every=0")
    #expect(none.isEmpty)
    #expect(without.trainer?.parameters == training.trainer?.parameters)
  }

  @Test("Training lowers the loss and the rollout error on data it has not seen")
  func learns() throws {
    let (_, found) = try validations(
      "validation={ every: 8, windows: 4, steps: 6 }", "learning-rate=1e-2", "curriculum=[{ batches: 24, steps: 3 }]")
    #expect(found[2].loss.total < found[0].loss.total)
  }

  @Test("The balance says who waits for whom, and how to change it")
  func balance() {
    let holding = TrainingBalance(blocked: 70, starved: 5, elapsed: 100)
    #expect(holding.isLopsided)
    #expect(holding.sentence.hasPrefix("The trainer holds the stream back, which has waited 70 % of 100 s for it;"))
    let starving = TrainingBalance(blocked: 5, starved: 30, elapsed: 100)
    #expect(!starving.isLopsided)
    #expect(starving.sentence.hasPrefix("The stream starves the trainer, which has waited 30 % of 100 s for frames;"))
    #expect(TrainingBalance(blocked: 3, starved: 2, elapsed: 100).sentence.contains("keep pace"))
    #expect(!TrainingBalance(blocked: 29, starved: 0, elapsed: 30).isLopsided)
  }

  @Test("A record's numbers have names for charts, and no infinity")
  func numbers() throws {
    var record = TrainingRecord(
      report: try OnlineRehearsal.firstReport(), total: 10, position: 3, stepsPerSecond: 2)
    #expect(record.numbers["loss on held-out data"] == nil)
    record.rolloutError = .infinity
    record.validationLoss = 0.5
    record.draw = try JSONDecoder().decode(Reservoir.Draw.self, from: Data(#"{"age":3,"uses":1}"#.utf8))
    #expect(record.numbers["rollout error on held-out data"] == nil)
    #expect(record.numbers["loss on held-out data"] == 0.5)
    #expect(record.numbers["age of samples"] == 3)
  }
}
