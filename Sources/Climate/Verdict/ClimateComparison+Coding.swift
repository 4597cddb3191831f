/// In JSON the distances of an observable stand under what they are of, as they have from the first version on: tools
/// read them there.
extension ClimateComparison.Observable: Codable {
  private enum CodingKeys: String, CodingKey {
    case name, truth, other, rmse, wasserstein1, autocorrelationDistance, spectralDistances, otherDistances
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    typealias Distance = ClimateDistance
    name = try container.decode(String.self, forKey: .name)
    truth = try container.decode(ClimateComparison.Moments.self, forKey: .truth)
    other = try container.decode(ClimateComparison.Moments.self, forKey: .other)
    rmse = try container.decodeIfPresent(Double.self, forKey: .rmse)
    let single = try [CodingKeys.wasserstein1, .autocorrelationDistance].compactMap {
      try container.decodeIfPresent(Distance.self, forKey: $0)
    }
    let several = try [CodingKeys.spectralDistances, .otherDistances].flatMap {
      try container.decodeIfPresent([Distance].self, forKey: $0) ?? []
    }
    distances = single + several
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(truth, forKey: .truth)
    try container.encode(other, forKey: .other)
    try container.encodeIfPresent(rmse, forKey: .rmse)
    try container.encodeIfPresent(wasserstein1, forKey: .wasserstein1)
    try container.encodeIfPresent(autocorrelationDistance, forKey: .autocorrelationDistance)
    try container.encode(spectralDistances, forKey: .spectralDistances)
    let others = distances.filter { distance in
      !["W1/", "ACF/", "D_H/"].contains { distance.estimator.hasPrefix($0) }
    }
    if !others.isEmpty { try container.encode(others, forKey: .otherDistances) }
  }

  /// Wasserstein-1 distance of the marginal distributions, when it is measured.
  public var wasserstein1: ClimateDistance? { distances.first { $0.estimator.hasPrefix("W1/") } }
  /// Root-mean-square difference of the autocorrelations over all lags, when it is measured.
  public var autocorrelationDistance: ClimateDistance? { distances.first { $0.estimator.hasPrefix("ACF/") } }
  /// Hellinger distances of the power spectra.
  public var spectralDistances: [ClimateDistance] { distances.filter { $0.estimator.hasPrefix("D_H/") } }
}

extension ClimateComparison {
  // Not private: what encodes is made in another file.
  enum CodingKeys: String, CodingKey {
    case frames, timeStep, timeUnit, truthTrajectories, otherTrajectories, divergent, observables, autocorrelation,
      spectra
    case stateSpace, scores, areRollouts, wider
  }

  /// Reads what any version wrote; earlier ones wrote no scores.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    frames = try container.decode(Int.self, forKey: .frames)
    timeStep = try container.decode(Double.self, forKey: .timeStep)
    timeUnit = try container.decodeIfPresent(String.self, forKey: .timeUnit)
    truthTrajectories = try container.decode(Int.self, forKey: .truthTrajectories)
    otherTrajectories = try container.decode(Int.self, forKey: .otherTrajectories)
    divergent = try container.decode(Int.self, forKey: .divergent)
    areRollouts = try container.decodeIfPresent(Bool.self, forKey: .areRollouts)
    wider = try container.decodeIfPresent(Int.self, forKey: .wider)
    observables = try container.decode([Observable].self, forKey: .observables)
    autocorrelation = try container.decode([String: Curve].self, forKey: .autocorrelation)
    spectra = try container.decode([String: Spectra].self, forKey: .spectra)
    stateSpace = try container.decode([Distance].self, forKey: .stateSpace)
    scores = []
    scores =
      try container.decodeIfPresent([Score].self, forKey: .scores)
      ?? Self.scores(distances, frames: frames, interval: timeStep)
  }

  /// Of nothing: what a verdict without a climate has.
  init() {
    (frames, timeStep, truthTrajectories, otherTrajectories, divergent) = (0, 0, 0, 0, 0)
    (timeUnit, areRollouts, wider) = (nil, nil, nil)
    (observables, autocorrelation, spectra, stateSpace, scores) = ([], [:], [:], [], [])
  }
}
