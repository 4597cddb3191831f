extension ShortTerm {
  // Not private: what encodes is made in another file.
  enum CodingKeys: String, CodingKey {
    case starts, frames, errors, errorsAgainstFrame, validTimes, survival, timeStep
  }

  /// Reads what any version wrote: earlier ones wrote the errors of Q and P in small letters.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    starts = try container.decode([Start].self, forKey: .starts)
    frames = try container.decode(Int.self, forKey: .frames)
    errors = try container.decode([String: Double].self, forKey: .errors)
    errorsAgainstFrame = try container.decode([String: [Double]].self, forKey: .errorsAgainstFrame)
    validTimes = try container.decode([ValidTime].self, forKey: .validTimes)
    survival = try container.decode([Double].self, forKey: .survival)
    timeStep = try container.decodeIfPresent(Double.self, forKey: .timeStep)
    guard timeStep == nil else { return }
    for (earlier, name) in [("q", "Q"), ("p", "P")] where errors[name] == nil {
      errors[name] = errors.removeValue(forKey: earlier)
    }
  }
}
