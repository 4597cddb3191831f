internal import Foundation

/// A one-step forecast of a series from its own past, learnt row by row: a constant, the last `lags` values, waves of a
/// season, and products of the newest values.
///
/// Without products it is a linear autoregression with seasonal terms; with them a nonlinear vector autoregression (also
/// called next-generation reservoir computing; Gauthier et al., Nat. Commun. 12 (2021) 5564) of one series. Longer leads
/// are the one-step forecast repeated.
public struct SeriesModel: Codable, Sendable, Equatable {
  public struct Shape: Codable, Sendable, Equatable {
    /// Values of the past that count.
    public var lags: Int
    /// Rows of a season; 0 for none.
    public var season: Int
    /// Waves of the season: so many sines and cosines.
    public var waves: Int
    /// The newest values whose products, two by two, count, too; 0 for a linear model.
    public var products: Int

    public init(lags: Int, season: Int = 0, waves: Int = 0, products: Int = 0) {
      precondition(lags > 0 && products <= lags, "a model of \(lags) values and \(products) products")
      (self.lags, self.season, self.waves, self.products) = (
        lags, season, season > 1 ? min(waves, season / 2) : 0, products
      )
    }

    var features: Int { 1 + lags + 2 * waves + products * (products + 1) / 2 }
  }

  public let shape: Shape
  private var regression: RecursiveLeastSquares
  /// Of one row, to work with.
  private var features: [Double]

  public init(_ shape: Shape, forgetting: Double) {
    self.shape = shape
    regression = RecursiveLeastSquares(count: shape.features, forgetting: forgetting)
    features = Array(repeating: 0, count: shape.features)
  }

  /// Whether it can be worked with, wherever it was read.
  func isSound(_ shape: Shape, forgetting: Double) -> Bool {
    self.shape == shape && features.count == shape.features
      && regression.isSound(features: shape.features, forgetting: forgetting)
  }

  /// Learns what followed the past.
  /// - Parameters:
  ///   - past: (at least `lags`), oldest first, in units near 1.
  ///   - row: Number of the row that followed, by which the season is known.
  public mutating func learn(_ past: ArraySlice<Double>, row: Int, value: Double) {
    fill(past, row: row)
    // The change is learnt, so that before all learning the forecast is that nothing changes.
    regression.learn(features, value - past[past.endIndex - 1])
  }

  /// The next `steps` values after a past.
  /// - Parameters:
  ///   - path: The past, oldest first; comes back with the forecasts at its end.
  ///   - row: Number of the first row that is forecast.
  ///   - bounds: Where a forecast is held to: one step that is repeated may run away, and no series does.
  public mutating func extend(_ path: inout [Double], row: Int, steps: Int, within bounds: ClosedRange<Double>) {
    for step in 0..<steps {
      fill(path[...], row: row + step)
      let next = path[path.count - 1] + regression.prediction(features)
      // What is not a number stays none.
      path.append(next.isNaN ? next : min(max(next, bounds.lowerBound), bounds.upperBound))
    }
  }

  /// After a change: what follows is learnt quickly.
  public mutating func loosen() { regression.loosen() }

  private mutating func fill(_ past: ArraySlice<Double>, row: Int) {
    let newest = past.endIndex - 1
    features[0] = 1
    for k in 0..<shape.lags { features[1 + k] = past[newest - k] }
    var place = 1 + shape.lags
    for wave in 0..<shape.waves {
      let angle = 2 * Double.pi * Double(wave + 1) * Double(row % shape.season) / Double(shape.season)
      features[place] = sin(angle)
      features[place + 1] = cos(angle)
      place += 2
    }
    for i in 0..<shape.products {
      for j in i..<shape.products {
        features[place] = past[newest - i] * past[newest - j]
        place += 1
      }
    }
  }
}
