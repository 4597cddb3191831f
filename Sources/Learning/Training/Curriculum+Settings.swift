public import Settings

extension Curriculum {
  /// Reads `curriculum`, or `published-curriculum` with `virtual-epoch`, of a trainer's section.
  public init(_ section: ConfigurationSection) {
    let stages = section.list("curriculum", "Stages, in order: { batches, steps, noise, final-noise }") { stage in
      CurriculumStage(
        batches: stage.integer("batches", default: 1000, in: 1...1_000_000_000, "Optimizer steps"),
        steps: stage.integer("steps", default: 1, in: 1...1024, "Predicted steps that are unrolled"),
        noise: Float(
          stage.number("noise", default: 0, in: 0...10, "Standard deviation of the noise on the first input")),
        finalNoise: stage.optionalNumber(
          "final-noise", "The noise that the stage ends with, approached linearly; none for the same all the time"
        ).map { value in
          if !(0...10).contains(value) { stage.problem("must be from 0 to 10, got \(value)", key: "final-noise") }
          return Float(value)
        })
    }
    typealias Published = (Int) -> Curriculum
    let published: Published? = section.choice(
      "published-curriculum", default: "none",
      among: [
        ("none", nil), ("shallow", { Curriculum.shallowQuench(virtualEpoch: $0) }),
        ("deep", { Curriculum.deepQuench(virtualEpoch: $0) }),
      ],
      "The published stages instead of a list")
    let epoch = section.integer(
      "virtual-epoch", default: 8192, in: 1...1_000_000, "Batches that an epoch of the published stages stands for")
    if let stages, stages.isEmpty { section.problem("needs at least one stage", key: "curriculum") }
    if stages != nil, published != nil {
      section.problem("goes not together with `published-curriculum`; give one of them", key: "curriculum")
    }
    if section.has("virtual-epoch"), published == nil {
      section.problem("is of no use without `published-curriculum`", key: "virtual-epoch")
    }
    self =
      published.map { $0(epoch) }
      ?? Curriculum(
        stages: stages.flatMap { $0.isEmpty ? nil : $0 } ?? [CurriculumStage(batches: 1000, steps: 1, noise: 0)])
  }
}
