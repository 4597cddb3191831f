import Testing

@testable import Learning

struct ScheduleTests {
  let curriculum = Curriculum(stages: [
    CurriculumStage(batches: 1000, steps: 1, noise: 0), CurriculumStage(batches: 2000, steps: 8, noise: 0.02),
  ])

  @Test("What is left of a curriculum counts later stages by the length of their unrolling")
  func remaining() {
    let curriculum = Curriculum(stages: [
      CurriculumStage(batches: 100, steps: 1, noise: 0), CurriculumStage(batches: 50, steps: 8, noise: 0),
      CurriculumStage(batches: 10, steps: 32, noise: 0),
    ])
    #expect(curriculum.remaining(after: 0) == 100 + 400 + 320)
    #expect(curriculum.remaining(after: 99) == 1 + 400 + 320)
    #expect(curriculum.remaining(after: 100) == 50 + 40)
    #expect(curriculum.remaining(after: 155) == 5)
    #expect(curriculum.remaining(after: 160) == 0)
    #expect(curriculum.remaining(after: 1000) == 0)
  }

  @Test("The rate warms up linearly, falls on a cosine to its floor, and starts anew with each stage")
  func cosine() {
    let schedule = LearningRateSchedule(base: 1e-3, warmUp: 500, minimum: 0.1)
    func rate(_ step: Int) -> Float { schedule.rate(at: step, in: curriculum) }
    #expect(abs(rate(0) - 1e-7) < 1e-13)
    #expect(abs(rate(250) - 1e-3 * (1e-4 + (1 - 1e-4) / 2)) < 1e-9)
    #expect(abs(rate(500) - 1e-3) < 1e-9)
    #expect(abs(rate(750) - 1e-3 * 0.55) < 1e-9)
    #expect(abs(rate(1000) - 1e-7) < 1e-13)
    #expect(abs(rate(1500) - 1e-3) < 1e-9)
    #expect(abs(rate(2999) - 1e-4) < 1e-8)
    // After the end, training goes on at the floor.
    #expect(abs(rate(5000) - 1e-4) < 1e-9)
  }

  @Test("The floor is a fraction of the base as the text says, or its square as the program computes it")
  func floors() {
    var schedule = LearningRateSchedule(base: 1e-4, warmUp: 0, minimum: 1e-2)
    #expect(abs(schedule.rate(at: 5000, in: curriculum) - 1e-6) < 1e-10)
    schedule.floor = .code
    #expect(abs(schedule.rate(at: 5000, in: curriculum) - 1e-10) < 1e-14)
  }

  @Test("A linear decay over the whole training multiplies the cosine")
  func decay() {
    let schedule = LearningRateSchedule(base: 1e-3, warmUp: 500, minimum: 0.1, finalFraction: 0)
    #expect(abs(schedule.rate(at: 1500, in: curriculum) - 0.5e-3) < 1e-9)
    #expect(schedule.rate(at: 3000, in: curriculum) == 0)
  }

  @Test("One cosine over all stages warms up once, never rises again and ends at its floor")
  func whole() {
    let schedule = LearningRateSchedule(base: 1e-3, warmUp: 500, minimum: 0, span: .whole)
    let rates = (0..<3000).map { schedule.rate(at: $0, in: curriculum) }
    #expect(abs(rates[250] - 1e-3 * (1e-4 + (1 - 1e-4) / 2)) < 1e-9)
    #expect(abs(rates[500] - 1e-3) < 1e-9)
    #expect(abs(rates[1750] - 5e-4) < 1e-9)
    #expect(zip(rates[500...], rates[501...]).allSatisfy { $0 > $1 })
    #expect(schedule.rate(at: 3000, in: curriculum) < 1e-12)
  }

  @Test("A stage's noise goes linearly to what it ends with, and stays as it is without an end")
  func noise() {
    var stage = CurriculumStage(batches: 100, steps: 1, noise: 0.02, finalNoise: 0.01)
    #expect(stage.noise(at: 0) == 0.02)
    #expect(abs(stage.noise(at: 50) - 0.015) < 1e-8)
    #expect(abs(stage.noise(at: 100) - 0.01) < 1e-8 && abs(stage.noise(at: 500) - 0.01) < 1e-8)
    stage.finalNoise = nil
    #expect(stage.noise(at: 50) == 0.02)
  }

  @Test("The published curricula have their published lengths")
  func lengths() {
    #expect(Curriculum.shallowQuench().batches == 491_520)
    #expect(Curriculum.deepQuench().batches == 991_232)
    #expect(Curriculum.deepQuench().maximumSteps == 16)
    #expect(curriculum.position(of: 999).index == 0)
    #expect(curriculum.position(of: 1000).stepInStage == 0)
    #expect(curriculum.position(of: 1000).stage.steps == 8)
  }
}
