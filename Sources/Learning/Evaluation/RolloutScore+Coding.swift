extension RolloutScore: Codable {
  private enum CodingKeys: String, CodingKey {
    case steps, rollouts, fields, observables, diverged
    // Of earlier logs.
    case rho, q, p, rhoOrder, qOrder
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    steps = try container.decode(Int.self, forKey: .steps)
    rollouts = try container.decode(Int.self, forKey: .rollouts)
    diverged = try container.decode(Int.self, forKey: .diverged)
    guard container.contains(.fields) else {
      func terms(_ names: [String], _ keys: [CodingKeys]) throws -> [Term] {
        try zip(names, keys).map { Term(name: $0, value: try container.decode(Double.self, forKey: $1)) }
      }
      fields = try terms(PublishedNames.fields, [.rho, .q, .p])
      observables = try terms(PublishedNames.orderParameters, [.rhoOrder, .qOrder])
      return
    }
    fields = try container.decode([Term].self, forKey: .fields)
    observables = try container.decode([Term].self, forKey: .observables)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(steps, forKey: .steps)
    try container.encode(rollouts, forKey: .rollouts)
    try container.encode(fields, forKey: .fields)
    try container.encode(observables, forKey: .observables)
    try container.encode(diverged, forKey: .diverged)
  }
}
