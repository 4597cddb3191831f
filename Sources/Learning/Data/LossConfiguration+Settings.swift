public import Settings

extension LossConfiguration {
  /// Reads `derivative-loss`, `separate-diagonal` and `step-weight` of a trainer's section.
  public init(_ section: ConfigurationSection) {
    self.init()
    derivativeCoefficient = Float(
      section.number("derivative-loss", default: 1, in: 0...1e6, "Weight of the derivative loss (PARC)"))
    separatesDiagonal = section.flag(
      "separate-diagonal", default: true, "The diagonal of ρ is a term of its own in the loss")
    stepCoefficient = section.optionalNumber(
      "step-weight", "c: errors of unrolled step k weigh cᵏ / Σ cᵏ; none for equal weights"
    ).map { value in
      if !(value > 0 && value <= 1e3) { section.problem("must be above 0 and at most 1000", key: "step-weight") }
      return Float(value)
    }
  }
}
