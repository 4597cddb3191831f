import Settings
import Tensors
import Testing
import Trajectories

@testable import Learning

@Suite("Learned force fields")
struct ForceFieldTests {
  /// A family with its keys.
  struct Case: Sendable, CustomTestStringConvertible {
    let family: ModelFamily
    let keys: [String]
    var testDescription: String { ([family.rawValue] + keys).joined(separator: " ") }

    init(_ family: ModelFamily, _ keys: String...) {
      self.family = family
      self.keys = keys
    }
  }

  static let cases = [
    Case(.directForce, "widths=6-5"),
    Case(.directForce, "widths=6-5", "odd=false", "activation=gelu", "density=linear"),
    Case(.directForce, "widths=6-5", "odd=false", "elastic=learned"),
    Case(.directForce, "widths=6", "activation=gelu"),
    Case(.energyForce, "widths=4-5"),
    Case(.energyForce, "widths=4-5", "odd=false", "elastic=learned"),
    Case(.descriptorForce, "widths=7-6"),
    Case(.descriptorForce, "widths=7-6", "odd=false"),
    Case(.equivariantForce, "widths=2-3"),
    Case(.equivariantForce, "widths=2-2", "odd=false", "activation=gelu"),
  ]

  @Test("The gradient is the slope of the loss", arguments: cases)
  func slope(_ one: Case) throws {
    let layout = ForceFields.layout(4, 6)
    var configuration = TrainerConfiguration(
      model: try ForceFields.configuration(one.family, one.keys, on: layout),
      curriculum: Curriculum(stages: [CurriculumStage(batches: 10, steps: 2, noise: 0)]))
    configuration.schedule = LearningRateSchedule(base: 1e-3, warmUp: 2)
    try Slope.check(configuration, ForceFields.batch(layout, count: 5), distance: 3e-3, tolerance: 4e-3)
  }

  @Test("What is odd is odd, and the lattice's symmetries are kept, to rounding", arguments: cases)
  func symmetries(_ one: Case) throws {
    let edge = 8
    var model = try ForceFields.model(one.family, one.keys, on: ForceFields.layout(edge, edge))
    // Biases, too.
    var random = CounterRandom(seed: 8, purpose: .weights)
    model = try ForceFieldModel(
      configuration: model.configuration, parameters: model.parameters.map { $0 + Float(0.2 * random.normal()) })
    let field = try model.forceField(rows: edge, columns: edge, ensemble: .grandCanonical)
    let q = ForceFields.displacements(edge * edge)
    #expect(field.evaluate(q))
    let force = field.force
    let scale = force.map(abs).max() ?? 0
    func differs(_ found: [Double], _ expected: [Double]) -> Double {
      (zip(found, expected).map { abs($0 - $1) }.max() ?? .infinity) / scale
    }
    func moved(_ x: [Double], _ map: (Int, Int) -> (Int, Int)) -> [Double] {
      (0..<edge * edge).map { site in
        let (y, x1) = map(site / edge, site % edge)
        return x[(y + edge) % edge * edge + (x1 + edge) % edge]
      }
    }
    let maps: [(Int, Int) -> (Int, Int)] = [
      { ($0 + 1, $1) }, { ($0, $1 + 2) }, { ($1, -$0) }, { (-$0, -$1) }, { (-$1, $0) }, { ($0, -$1) }, { ($1, $0) },
      { (-$1, -$0) },
    ]
    for map in maps {
      #expect(field.evaluate(moved(q, map)))
      #expect(differs(field.force, moved(force, map)) < 1e-5)
    }
    #expect(field.evaluate(q.map { -$0 }))
    if one.keys.contains("odd=false") {
      #expect(differs(field.force, force.map { -$0 }) > 1e-3)
    } else {
      #expect(differs(field.force, force.map { -$0 }) < 1e-6)
    }
  }

  @Test(
    "Half filling is the same network at the chemical potential where the charge is N/2", arguments: cases.prefix(5))
  func charge(_ one: Case) throws {
    let model = try ForceFields.model(one.family, one.keys, on: ForceFields.layout(6, 6), seed: 9)
    let (free, held) = (
      try model.forceField(rows: 6, columns: 6, ensemble: .grandCanonical),
      try model.forceField(rows: 6, columns: 6, ensemble: .canonical)
    )
    let q = ForceFields.displacements(36, seed: 5)
    guard held.evaluate(q) else {
      // A network that was not trained need not have such a potential; then nothing is made up.
      return
    }
    let electrons = held.density.reduce(0, +)
    #expect(abs(electrons - 18) < 7e-5)
    // The charge's own law: the electrons' forces cancel in the sum.
    let (pull, push) = (1.72 * q.reduce(0, +), held.force.reduce(0, +))
    #expect(abs(pull + push) < 3e-4)
    #expect(free.evaluate(q.map { $0 + held.chemicalPotential / 3.5 }))
    #expect(zip(free.density, held.density).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(!held.evaluate([.nan] + q.dropFirst()))
  }

  @Test("A density from a tanh lies between 0 and 1, whatever the network says")
  func bounds() throws {
    var model = try ForceFields.model(.directForce, ["widths=4"], on: ForceFields.layout(4, 4))
    model = try ForceFieldModel(configuration: model.configuration, parameters: model.parameters.map { 100 * $0 })
    let field = try model.forceField(rows: 4, columns: 4, ensemble: .grandCanonical)
    #expect(field.evaluate(ForceFields.displacements(16)))
    #expect(field.density.allSatisfy { (0...1).contains($0) })
  }

  @Test("The force of an energy is minus its slope")
  func energy() throws {
    let settings = try ForceFieldSettings(
      ForceFields.configuration(
        .energyForce, ["widths=4-5", "elastic=learned"], on: ForceFields.layout(4, 4)))
    let model = try ForceFields.model(.energyForce, ["widths=4-5", "elastic=learned"], on: ForceFields.layout(4, 4))
    let replay = ForceReplay(
      settings.network(settings.parameterLayout.tensors), isOdd: true, batch: 1, rows: 4, columns: 4)
    let q = ForceFields.displacements(16, scale: 1).map { Float($0) }
    func energy(_ q: [Float]) -> Double {
      _ = replay.values(q, parameters: model.parameters)
      return Double(replay.energy!)
    }
    let forces = Array(UnsafeBufferPointer(start: replay.values(q, parameters: model.parameters), count: 16))
    let h: Float = 0.05
    for site in [0, 7, 15] {
      func at(_ shift: Float) -> Double {
        var moved = q
        moved[site] += shift
        return energy(moved)
      }
      let slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * Double(h))
      #expect(abs(slope + Double(forces[site])) < 2e-3 * max(1, abs(slope)))
    }
  }

  @Test("Rollouts keep the energy of a lattice of springs, and friction takes it")
  func rollouts() throws {
    // A network of zeros is a lattice without electrons.
    func energies(_ keys: [String]) throws -> [Double] {
      let layout = ForceFields.layout(4, 4)
      let configuration = try ForceFields.configuration(.directForce, ["widths=2"], on: layout)
      var changed = configuration
      for key in keys { changed.settings[key] = 0.0 }
      let count = try ForceFieldModel.parameterLayout(changed).count
      let model = try ForceFieldModel(configuration: changed, parameters: [Float](repeating: 0, count: count))
      let start = State(layout, ForceFields.displacements(32, scale: 1).map { Float($0) })
      return try model.predictor(for: layout).rollout(from: start, steps: 20).map { state in
        let (q, p) = (state.values.prefix(16).map(Double.init), state.values.suffix(16).map(Double.init))
        var sum = 0.0
        for site in 0..<16 {
          let (y, x) = (site / 4, site % 4)
          sum += p[site] * p[site] / 10 + q[site] * q[site] / 2
          sum += 0.18 * q[site] * (q[y * 4 + (x + 1) % 4] + q[(y + 1) % 4 * 4 + x])
        }
        return sum
      }
    }
    let kept = try energies(["gamma"])
    #expect(kept.allSatisfy { abs($0 - kept[0]) < 1e-3 * kept[0] })
    let damped = try energies([])
    // The kinetic half loses 2γ of itself a unit of time: over 10 units the energy falls by about e².
    #expect(damped[20] < 0.25 * damped[0] && damped[20] > 0.05 * damped[0])
  }

  @Test("What a force field cannot learn or know is refused in words")
  func refusals() throws {
    let layout = ForceFields.layout(4, 4)
    func complaint(_ body: () throws -> Void) -> String {
      do {
        try body()
        return ""
      } catch { return "\(error)" }
    }
    #expect(
      complaint { _ = try ForceFields.model(.directForce, ["elastic=learned", "density=tanh"], on: layout) }
        .contains("linear"))
    #expect(complaint { _ = try ForceFields.model(.energyForce, ["density=tanh"], on: layout) }.contains("energy"))
    #expect(complaint { _ = try ForceFields.model(.directForce, ["g=3"], on: layout) }.contains("3.5"))
    #expect(complaint { _ = try ForceFields.model(.directForce, ["widths=0"], on: layout) }.contains("whole numbers"))
    #expect(complaint { _ = try ForceFields.model(.directForce, ["learns=state"], on: layout) }.contains("force"))
    let others = StateLayout([Field("P", shape: [4, 4]), Field("Q", shape: [4, 4])], domain: .square(4, 4))
    #expect(complaint { _ = try ForceFields.model(.directForce, [], on: others) }.contains("Q"))
    let model = try ForceFields.model(.directForce, ["ensemble=canonical", "widths=2"], on: layout)
    #expect(
      complaint { _ = try model.forceField(rows: 4, columns: 4, ensemble: .grandCanonical) }
        .contains("half filling"))
    #expect(throws: LearningError.self) {
      try model.backend(TrainingOptions()).gradient(
        of: ForceFields.batch(layout), step: 0, noise: 0.1, injection: nil)
    }
    var bare = model.configuration
    bare.settings["kappa"] = nil
    #expect(complaint { _ = try bare.completed(by: [:]) }.contains("kappa"))
  }
}
