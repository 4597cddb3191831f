/// What is learned of the sites' electrons: the correction to the recursion's density, linear in descriptors, and how large
/// its errors are by how doubtful sites are.
///
/// What is predicted changes in `retrain` alone.
struct SiteModel: Sendable {
  private var ridge = StreamingRidge(size: SiteDescriptors.count, ridge: 1e-3)
  private var table = ErrorTable()
  /// By place of the table, of the last `retrain`.
  private var variances: [Double] = ErrorTable().variances
  /// Of the weights; 0 before there are any.
  private(set) var version = 0

  /// The correction of each site, and the mean square of its error that is expected; infinite where too little is known.
  func predict(_ descriptors: SiteDescriptors) -> (correction: [Double], variance: [Double]) {
    let (n, size) = (descriptors.doubt.count, SiteDescriptors.count)
    var correction = [Double](repeating: 0, count: n)
    var variance = [Double](repeating: .infinity, count: n)
    guard version > 0 else { return (correction, variance) }
    descriptors.values.withUnsafeBufferPointer { values in
      withUnsafeTemporaryAllocation(of: Double.self, capacity: size) { workspace in
        for i in 0..<n {
          let x = values.baseAddress! + i * size
          correction[i] = ridge.predict(x)
          let own = variances[ErrorTable.place(descriptors.doubt[i])]
          variance[i] = own.isFinite ? own * (1 + ridge.leverage(x, workspace.baseAddress!)) : .infinity
        }
      }
    }
    return (correction, variance)
  }

  /// Counts what a site's density was.
  /// - Parameters:
  ///   - residual: Density less the recursion's.
  ///   - correction: What was predicted of it.
  mutating func learn(_ descriptors: SiteDescriptors, _ site: Int, residual: Double, correction: Double) {
    let place = ErrorTable.place(descriptors.doubt[site])
    table.add(residual - correction, at: place)
    // Doubtful sites say little of the weights: in units of their own error.
    let noise = variances[place].isFinite ? max(variances[place], 1e-10) : max(descriptors.doubt[site].difference, 1e-5)
    descriptors.values.withUnsafeBufferPointer {
      ridge.add($0.baseAddress! + site * SiteDescriptors.count, residual, weight: 1 / noise)
    }
  }

  /// The errors of the first weights, in place of those of having none.
  /// - Parameter residuals: Densities less the recursion's, all of which were learned.
  mutating func begin(_ descriptors: SiteDescriptors, residuals: [Double]) {
    ridge.train()
    table = ErrorTable()
    descriptors.values.withUnsafeBufferPointer { values in
      for i in residuals.indices {
        let predicted = ridge.predict(values.baseAddress! + i * SiteDescriptors.count)
        table.add(residuals[i] - predicted, at: ErrorTable.place(descriptors.doubt[i]))
      }
    }
  }

  /// New weights and new expectations, by all that was learned so far; it counts less from now on.
  mutating func retrain() {
    ridge.train()
    ridge.forget(0.98)
    variances = table.variances
    version += 1
  }
}
