/// The power spectral density of an ensemble of equally long series: periodograms averaged over the trajectories.
///
/// S(f_k) = (2 Δt / T) |Σ_t (x_t − m) e^(−2πi kt/T)|², one-sided (without the 2 at f = 0 and at the Nyquist frequency), m
/// the series' own mean, so that Σ_k S(f_k) / (T Δt) is its variance. No window and no smoothing.
public struct PowerSpectrum: Codable, Sendable, Equatable {
  /// Cycles per unit of time, (T/2 + 1).
  public var frequencies: [Double]
  /// (T/2 + 1).
  public var density: [Double]
  /// Standard error of the mean over trajectories, (T/2 + 1); empty for one trajectory.
  public var standardErrors: [Double]
  /// Trajectories that were left out because a value is not finite: they have no spectrum.
  public var notFinite: Int

  /// - Parameters:
  ///   - series: (B, T).
  ///   - timeStep: Time between two values.
  public init(_ series: [[Double]], timeStep: Double) {
    let length = series.map(\.count).min() ?? 0
    let sound = series.map { Array($0.prefix(length)) }.filter { $0.allSatisfy(\.isFinite) }
    notFinite = series.count - sound.count
    frequencies = length > 0 ? (0...(length / 2)).map { Double($0) / (Double(length) * timeStep) } : []
    let densities = sound.map { Self.density($0, timeStep: timeStep) }
    let count = Double(densities.count)
    density = densities.isEmpty ? [] : frequencies.indices.map { k in densities.reduce(0) { $0 + $1[k] } / count }
    let mean = density
    standardErrors =
      densities.count < 2
      ? []
      : mean.indices.map { k in
        let squares = densities.reduce(0) { $0 + ($1[k] - mean[k]) * ($1[k] - mean[k]) }
        return (squares / (count * (count - 1))).squareRoot()
      }
  }

  private static func density(_ x: [Double], timeStep: Double) -> [Double] {
    let n = x.count
    let mean = x.reduce(0, +) / Double(n)
    let power = FourierTransform.power(x.map { $0 - mean })
    return power.indices.map { k in
      let isSingle = k == 0 || 2 * k == n
      return power[k] * timeStep / Double(n) * (isSingle ? 1 : 2)
    }
  }
}
