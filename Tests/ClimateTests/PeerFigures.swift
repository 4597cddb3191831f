import Foundation
import TestSupport

/// What other people's programs say of one pair of trajectories; `data/climate/make-peers.py` made the file.
struct PeerFigures: Decodable {
  struct Divergence: Decodable {
    var mean: Double
    var standardError: Double
    var deviationOfOne: Double
    enum CodingKeys: String, CodingKey {
      case mean
      case standardError = "standard error"
      case deviationOfOne = "deviation of one"
    }
  }

  var timeStep: Double
  /// (3, T) each.
  var truth: [[Double]]
  var other: [[Double]]
  var wasserstein: [Double]
  var periodogram: [Double]
  var acf: [Double]
  var teacherForcingHellinger: [Double]
  var dystsHellinger: [Double]
  var binnedDivergence: Double
  var dystsDivergence: Divergence

  enum CodingKeys: String, CodingKey {
    case timeStep, truth, other
    case wasserstein = "scipy.stats.wasserstein_distance"
    case periodogram = "scipy.signal.periodogram"
    case acf = "statsmodels.acf"
    case teacherForcingHellinger = "teacher forcing hellinger"
    case dystsHellinger = "dysts.average_hellinger_distance"
    case binnedDivergence = "binned divergence, x and z"
    case dystsDivergence = "dysts.estimate_kl_divergence"
  }

  init() throws {
    let data = try Data(contentsOf: Places.data.appending(path: "climate/peers.json"))
    self = try JSONDecoder().decode(PeerFigures.self, from: data)
  }

  /// The points of the state space, (1, T, D), from some of the coordinates.
  static func points(_ series: [[Double]], _ coordinates: [Int]) -> [[[Double]]] {
    [series[0].indices.map { t in coordinates.map { series[$0][t] } }]
  }
}
