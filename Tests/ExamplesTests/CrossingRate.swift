import Climate
import Settings
import Trajectories

/// How often each observable crosses the truth's mean upwards, per unit of time, beside the truth's own rate.
struct CrossingRate: Metric {
  static let word = "crossing-rate"
  static let summary = "Upward crossings of the truth's mean per unit of time"

  init(_ section: ConfigurationSection) {}

  func scores(_ rollouts: Rollouts) -> [Score] {
    rollouts.observables.map { observable in
      let truth = rollouts.truth.series[observable.name]!
      let values = truth.flatMap(\.self)
      let mean = values.reduce(0, +) / Double(values.count)
      func rate(_ series: [[Double]]) -> Double {
        let crossings = series.reduce(0) { total, x in
          total + zip(x, x.dropFirst()).count { $0 < mean && $1 >= mean }
        }
        let intervals = series.reduce(0) { $0 + $1.count - 1 }
        return Double(crossings) / (Double(intervals) * rollouts.interval)
      }
      let reference = rollouts.truth.reference?[observable.name].map(rate)
      return Score(
        Self.word, of: observable.name, rate(rollouts.series[observable.name]!), noiseFloor: reference,
        truth: rate(truth), length: rollouts.frames, interval: rollouts.interval,
        convention: "upward crossings of the truth's mean; noise floor: the rate of other truth")
    }
  }
}
