/// How series are watched.
public struct WatchSettings: Codable, Sendable, Equatable {
  /// Of the model that is learnt.
  public var model: SeriesModel.Shape
  /// Of the linear autoregression beside it.
  public var linear: SeriesModel.Shape { SeriesModel.Shape(lags: model.lags) }
  /// Rows ahead, rising, the first 1.
  public var leads: [Int]
  /// Rows before the first forecast, and from which a model is made anew after a change.
  public var warmUp: Int
  /// Rows over which errors are averaged and compared.
  public var memory: Int
  /// Weight of a row relative to the one after it, in learning.
  public var forgetting: Double
  /// Share of rows without an anomaly that raise an alarm.
  public var falseAlarms: Double
  public var refitsOnChange: Bool
  /// Rows between refits to the last `memory` rows; nil for none.
  public var refitEvery: Int?

  /// - Parameters: as the properties; of `leads` 1 is always one.
  public init(
    model: SeriesModel.Shape, leads: [Int] = [1, 3, 12], warmUp: Int = 100, memory: Int = 1000,
    forgetting: Double = 0.9995,
    falseAlarms: Double = 0.01, refitsOnChange: Bool = true, refitEvery: Int? = nil
  ) {
    precondition(
      leads.allSatisfy { $0 > 0 } && warmUp > model.lags + 1 && memory >= warmUp, "a watch with leads \(leads)")
    self.model = model
    self.leads = Set(leads + [1]).sorted()
    (self.warmUp, self.memory, self.forgetting, self.falseAlarms) = (warmUp, memory, forgetting, falseAlarms)
    (self.refitsOnChange, self.refitEvery) = (refitsOnChange, refitEvery)
  }

  /// Values of the past that a forecast needs.
  var needed: Int { model.lags }
}
