public import Settings

extension LearningRateSchedule {
  /// Reads `learning-rate`, `warm-up-steps`, `smallest-rate`, `floor` and `final-rate` of a trainer's section.
  public init(_ section: ConfigurationSection) {
    self.init(
      base: Float(
        section.number(
          "learning-rate", default: 1e-3, in: 1e-9...1, "Largest learning rate of each stage (published: 1e-4)")),
      warmUp: section.integer("warm-up-steps", default: 500, "Steps of linear warm-up in each stage"),
      minimum: Float(
        section.number("smallest-rate", default: 1e-2, in: 0...1, "Floor of the cosine, as a share of the largest")),
      floor: section.choice(
        "floor", default: "paper", among: [("paper", .paper), ("code", .code)],
        "The floor as the paper means it, or as its code computes it"),
      finalFraction: section.optionalNumber(
        "final-rate", "Share of the rate that a linear decay over all stages leaves; none for no decay"
      ).map { value in
        if !(0...1).contains(value) { section.problem("must be from 0 to 1, got \(value)", key: "final-rate") }
        return Float(value)
      },
      span: section.choice(
        "rate-span", default: "stages", among: [("stages", nil), ("whole", .whole)],
        "What a warm-up and a cosine of the rate span: each stage of the curriculum, as published, or all together, without restarts"
      ))
  }
}
