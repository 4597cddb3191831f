internal import Foundation
internal import Learning
internal import Settings

extension OnlineTraining.Settings {
  /// Reads the keys of the online trainer; problems are reported to the section.
  init(_ section: ConfigurationSection) {
    let trainer = TrainerConfiguration(section)
    let longest = trainer.curriculum.maximumSteps
    let takesOnce = ModelCatalogue.takesEachWindowOnce(trainer.model.family)
    let memory = trainer.model.memory
    let windowLength = section.integer(
      "window", default: takesOnce ? memory + 64 : max(32, 2 * longest), in: 1...8192,
      "Intervals in a window of the reservoir")
    if takesOnce, windowLength <= memory {
      section.problem("must be more than the \(memory) frames that the model looks back", key: "window")
    } else if !takesOnce, windowLength < longest {
      section.problem("must be at least the longest unrolling, \(longest) steps", key: "window")
    }
    let (rule, given) = ScalarRule.read(section.section("scalars", "What the model divides its input and output by"))
    if takesOnce {
      let family = trainer.model.family.rawValue
      if rule.goesOn {
        section.problem("must not be `rule: adapt`: the sums of the family \(family) have fixed scales", key: "scalars")
      }
      if section.has("replay") {
        section.problem("is of no use to the family \(family), which forgets nothing unless told to", key: "replay")
      }
    }
    self.init(
      trainer: trainer,
      framesPerStep: section.number(
        "frames-per-step", default: 0.25, in: 1e-6...1e6, "Frames of the stream between two optimizer steps"),
      warmUp: section.integer("warm-up-frames", default: 2000, in: 1...1_000_000_000, "Frames before the first step"),
      windowLength: windowLength,
      capacity: section.integer("reservoir", default: 1024, in: 1...10_000_000, "Windows in the reservoir"),
      policy: section.choice(
        "policy", default: "reservoir", among: Reservoir.Policy.allCases.map { ($0.rawValue, $0) },
        "What makes room in it"),
      needsTendencies: trainer.model.needsTendencies(trainer.loss),
      holdBack: section.integer(
        "hold-back", default: 0, in: 0...10_000_000,
        "Newest frames of each trajectory that are not learnt from yet: verdicts on a log are given on them"),
      scalars: rule, givenScales: given,
      validation: Self.validation(
        section.section("validation", "What held-out trajectories say during training"), windowLength),
      replay: Self.replay(section.section("replay", "Windows of a store that are mixed into the batches")),
      initialWeights: section.optionalText(
        "initial-weights", "A checkpoint whose weights and scales the training begins with, in place of random weights")
    )
    if takesOnce, initialWeights != nil {
      section.problem(
        "is of no use to the family \(trainer.model.family.rawValue), whose weights follow from sums over the data",
        key: "initial-weights")
    }
  }

  private static func validation(
    _ section: ConfigurationSection, _ windowLength: Int
  ) -> HeldOutWindows.Settings? {
    let every = section.integer("every", default: 500, in: 0...1_000_000_000, "Steps between validations; 0 for none")
    let windows = section.integer("windows", default: 16, in: 1...100_000, "Held-out windows, sampled from the stream")
    let steps = section.integer("steps", default: windowLength, in: 1...4096, "Frames that each is rolled out over")
    return every > 0 ? HeldOutWindows.Settings(every: every, windows: windows, steps: steps) : nil
  }

  private static func replay(_ section: ConfigurationSection) -> ReplayMix.Settings? {
    let path = section.text("path", default: "", "The store, relative to the current folder")
    let share = section.number("share", default: 0.5, in: 0...1, "Share of each batch that comes from it")
    let domain = DomainWord(section)
    let capacity = section.integer(
      "reservoir", default: 1024, in: 1...10_000_000, "Windows of it that are held in memory")
    guard path.isEmpty else { return ReplayMix.Settings(path: path, domain: domain, share: share, capacity: capacity) }
    if !section.names.isEmpty { section.problem("needs the path of a store: `path: FOLDER.zarr`", key: "path") }
    return nil
  }
}
