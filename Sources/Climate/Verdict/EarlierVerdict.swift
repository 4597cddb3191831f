/// Verdicts as versions before the scores wrote them, of the Holstein chain alone: fixed keys for what scores say now.
struct EarlierVerdict: Decodable {
  /// What the keys were of.
  struct Errors: Decodable {
    var rho: Double?
    var q: Double?
    var p: Double?
    var deltaRho: Double?
    var deltaQ: Double?

    var byName: [(String, Double)] {
      [("rho", rho), ("Q", q), ("P", p), ("deltaRho", deltaRho), ("deltaQ", deltaQ)].compactMap { name, value in
        value.map { (name, $0) }
      }
    }
  }

  struct Physics: Decodable {
    var traceDrift: Double?
    var hermiticityDefect: Double?
    var lowestDensity: Double?
    var highestDensity: Double?
    var energyDriftPerSite: Double?

    var byName: [(String, Double)] {
      [
        ("trace drift", traceDrift), ("hermiticity defect", hermiticityDefect), ("lowest density", lowestDensity),
        ("highest density", highestDensity), ("energy drift per site", energyDriftPerSite),
      ].compactMap { name, value in value.map { (name, $0) } }
    }
  }

  /// Of a verdict against the frame; of a baseline at the last frame.
  enum Share: Decodable {
    case curve([Double])
    case last(Double)

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let curve = try? container.decode([Double].self) {
        self = .curve(curve)
      } else {
        self = .last(try container.decode(Double.self))
      }
    }

    var last: Double? {
      switch self {
      case .curve(let curve): curve.last
      case .last(let value): value
      }
    }
  }

  var frames: Int?
  var timeStep: Double?
  var errors: Errors?
  var physics: Physics?
  var largestDeltaRho: Double?
  var largestDeltaQ: Double?
  var validTimes: [ValidTime]?
  var survival: Share?
  var climateScore: Double?

  static let timeUnit = "ħ/t_hop"
  static let fields = [
    Verdict.Label("rho", symbol: "ρ"), Verdict.Label("Q", symbol: "Q"), Verdict.Label("P", symbol: "P"),
  ]
  static let observables = [Verdict.Label("deltaRho", symbol: "Δρ"), Verdict.Label("deltaQ", symbol: "ΔQ")]

  /// The numbers of a verdict or a baseline.
  static func scores(from decoder: any Decoder) throws -> [Score] {
    let earlier = try EarlierVerdict(from: decoder)
    func score(_ id: String, _ name: String?, _ value: Double) -> Score {
      Score(id, of: name, value, length: earlier.frames, interval: earlier.timeStep)
    }
    var scores = (earlier.errors?.byName ?? []).map { score(RootMeanSquareError.id, $0, $1) }
    let largest = [("deltaRho", earlier.largestDeltaRho), ("deltaQ", earlier.largestDeltaQ)]
    scores += largest.compactMap { name, value in value.map { score(LargestError.id, name, $0) } }
    scores += (earlier.validTimes ?? []).map { score(ValidTimeMetric.id, $0.norm, $0.median) }
    scores += earlier.survival?.last.map { [score(Survival.id, nil, $0)] } ?? []
    scores += (earlier.physics?.byName ?? []).map { name, value in
      Score(name, value, length: earlier.frames, interval: earlier.timeStep, convention: Invariants.convention)
    }
    scores += earlier.climateScore.map { [score(Verdict.climateScoreID, nil, $0)] } ?? []
    return scores
  }
}
