internal import Trajectories

/// How the domains of one order parameter grow: C(r) and ξ against time, averaged over all trajectories so far.
public struct DomainGrowth: Codable, Sendable, Equatable {
  /// Of the order parameter.
  public var name: String
  /// Of the frames, rising.
  public var times: [Double]
  /// ξ at each time, in sites; NaN where C(r) does not fall to ½ within half of the lattice.
  public var lengths: [Double]
  /// Trajectories at each time.
  public var trajectories: [Int]
  /// C(r) along the axes at the latest time, from r = 0.
  public var latest: [Double]
}

/// Equal-time correlations of the order parameters of a stream, by the index of their frame.
struct DomainGrowthFold: Sendable {
  /// Frames of a trajectory that are kept apart; later ones are not looked at.
  static let most = 4096
  private var names: [String] = []
  private var times: [Int: Double] = [:]
  private var folds: [String: [Int: EqualTimeCorrelation]] = [:]

  /// - Parameter fields: (sites) each, by the name of the order parameter.
  mutating func add(_ fields: [(name: String, values: [Double])], index: Int, time: Double, on domain: Domain) {
    guard domain.sites != nil, index < Self.most else { return }
    for (name, values) in fields {
      if !names.contains(name) { names.append(name) }
      var fold = folds[name]?[index] ?? EqualTimeCorrelation(on: domain)
      fold.add(values)
      folds[name, default: [:]][index] = fold
    }
    guard !fields.isEmpty else { return }
    times[index] = time
  }

  var growth: [DomainGrowth] {
    let order = times.keys.sorted()
    return names.map { name in
      let own = order.compactMap { folds[name]?[$0] }
      return DomainGrowth(
        name: name, times: order.map { times[$0]! }, lengths: own.map { $0.length ?? .nan },
        trajectories: own.map(\.fields), latest: own.last?.alongAxes ?? [])
    }
  }
}
