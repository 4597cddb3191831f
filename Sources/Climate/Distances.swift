/// Distances between two samples of one observable.
enum Distances {
  /// Wasserstein-1 distance of two empirical distributions: the mean distance between their quantiles.
  static func wasserstein1(_ a: [Double], _ b: [Double]) -> Double {
    guard !a.isEmpty, !b.isEmpty else { return .nan }
    let x = a.sorted()
    let y = b.sorted()
    // ∫ |F⁻¹(u) − G⁻¹(u)| du over the common refinement of both staircases.
    var i = 0
    var j = 0
    var u = 0.0
    var total = 0.0
    while i < x.count, j < y.count {
      let next = min(Double(i + 1) / Double(x.count), Double(j + 1) / Double(y.count))
      total += (next - u) * abs(x[i] - y[j])
      u = next
      if Double(i + 1) / Double(x.count) <= u { i += 1 }
      if Double(j + 1) / Double(y.count) <= u { j += 1 }
    }
    return total
  }

  /// Root of the mean squared difference over the lags that both have.
  static func rootMeanSquare(_ a: [Double], _ b: [Double]) -> Double {
    let count = min(a.count, b.count)
    guard count > 0 else { return .nan }
    return (zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / Double(count)).squareRoot()
  }
}
