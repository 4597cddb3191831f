extension Verdict {
  // Not private: what encodes is made in another file.
  enum CodingKeys: String, CodingKey {
    case checkpoint, step, file, rollouts, frames, timeStep, timeUnit, fields, observables, scores, errorsAgainstFrame,
      survival
    case curves, validTimes, validThreshold, predictabilityTime, climate, baselines, randomStarts, lyapunov, example
  }

  /// Reads what any version wrote: of a line without scores the numbers are made from its other keys, and what a line
  /// does not have is empty.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func read<Value: Decodable>(_ key: CodingKeys, _ fallback: Value) throws -> Value {
      try container.decodeIfPresent(Value.self, forKey: key) ?? fallback
    }
    checkpoint = try container.decode(String.self, forKey: .checkpoint)
    step = try container.decode(Int.self, forKey: .step)
    file = try container.decodeIfPresent(UInt64.self, forKey: .file)
    rollouts = try read(.rollouts, 0)
    frames = try read(.frames, 0)
    timeStep = try read(.timeStep, 0)
    timeUnit = try read(.timeUnit, EarlierVerdict.timeUnit)
    fields = try read(.fields, EarlierVerdict.fields)
    observables = try read(.observables, EarlierVerdict.observables)
    errorsAgainstFrame = try read(.errorsAgainstFrame, [:])
    survival = try read(.survival, [])
    curves = try read(.curves, [:])
    validTimes = try read(.validTimes, [])
    validThreshold = try read(.validThreshold, 0.4)
    predictabilityTime = try container.decodeIfPresent(Double.self, forKey: .predictabilityTime)
    climate = try read(.climate, ClimateComparison())
    baselines = try read(.baselines, [])
    lyapunov = try container.decodeIfPresent(LyapunovComparison.self, forKey: .lyapunov)
    example = try read(.example, [:])
    randomStarts = try container.decodeIfPresent(ShortTerm.self, forKey: .randomStarts)
    if let scores = try container.decodeIfPresent([Score].self, forKey: .scores) {
      self.scores = scores
    } else {
      scores =
        try EarlierVerdict.scores(from: decoder) + climate.scores
        + (lyapunov?.score(interval: timeStep).map { [$0] } ?? []) + (randomStarts?.scores("random starts") ?? [])
    }
  }
}
