internal import Systems

/// Squared errors of every rollout at every frame, by component.
struct StateErrors {
  /// (B, T + 1) sums over entries of |error|², for ρ, Q and P.
  private let squares: [[[Double]]]
  /// The truth's variance of each component, entries summed.
  private let variances: [Double]
  private let orders: [[[Double]]]
  private let sites: Int

  init(_ truth: [[LatticeState]], _ model: [[LatticeState]]) {
    sites = truth[0][0].sites
    let components: [KeyPath<LatticeState, [Double]>] = [\.rho, \.q, \.p]
    squares = components.map { component in
      zip(truth, model).map { x, y in zip(x, y).map { Self.square($0[keyPath: component], $1[keyPath: component]) } }
    }
    variances = components.map { component in
      let states = truth.flatMap { $0.map { $0[keyPath: component] } }
      var mean = [Double](repeating: 0, count: states[0].count)
      for state in states { for k in mean.indices { mean[k] += state[k] / Double(states.count) } }
      return states.reduce(0) { $0 + Self.square($1, mean) } / Double(states.count)
    }
    let observables: [KeyPath<LatticeState, Double>] = [\.deltaRho, \.deltaQ]
    orders = observables.map { order in
      zip(truth, model).map { x, y in
        zip(x, y).map { ($0[keyPath: order] - $1[keyPath: order]) * ($0[keyPath: order] - $1[keyPath: order]) }
      }
    }
  }

  /// Root-mean-square errors over rollouts and entries, by component.
  var againstFrame: [String: [Double]] {
    let L = Double(sites)
    var result: [String: [Double]] = [:]
    for (name, values, entries) in zip3(
      ["rho", "Q", "P", "deltaRho", "deltaQ"], squares + orders, [L * L, L, L, 1, 1])
    {
      result[name] = values[0].indices.map { t in
        (values.reduce(0) { $0 + $1[t] } / (Double(values.count) * entries)).squareRoot()
      }
    }
    return result
  }

  /// The root of the mean over components of error over variance, (B, T + 1). A component that never moves is left out.
  var relative: [[Double]] {
    let moving = variances.indices.filter { variances[$0] > 0 }
    return squares[0].indices.map { rollout in
      squares[0][rollout].indices.map { t in
        (moving.reduce(0) { $0 + squares[$1][rollout][t] / variances[$1] } / Double(max(1, moving.count))).squareRoot()
      }
    }
  }

  private static func square(_ x: [Double], _ y: [Double]) -> Double {
    x.withUnsafeBufferPointer { x in
      y.withUnsafeBufferPointer { y in
        var sum = 0.0
        for k in 0..<x.count { sum += (x[k] - y[k]) * (x[k] - y[k]) }
        return sum
      }
    }
  }

  private func zip3<A, B, C>(_ a: [A], _ b: [B], _ c: [C]) -> [(A, B, C)] { a.indices.map { (a[$0], b[$0], c[$0]) } }
}
