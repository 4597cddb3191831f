#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Energy levels, each with a weight, and their occupation f(ε) = 1/(e^((ε − μ)/T) + 1).
struct FermiLevels {
  let energies: [Double]
  let temperature: Double

  /// μ at which half of the levels are filled.
  ///
  /// Bisection to the last bit of Σ tanh((ε − μ)/2T), which falls with μ. In a gap wider than rounding shows the whole
  /// plateau is a solution; its middle is taken, so that μ changes its sign with the energies.
  var halfFilling: Double {
    guard let least = energies.min(), let most = energies.max() else { return 0 }
    func edge(_ isAbove: (Double) -> Bool) -> Double {
      var (low, high) = (least - temperature, most + temperature)
      while true {
        let middle = low + (high - low) / 2
        guard middle > low, middle < high else { return middle }
        if isAbove(middle) { high = middle } else { low = middle }
      }
    }
    let lower = edge { excess($0) >= 0 }
    let upper = edge { excess($0) > 0 }
    return lower + (upper - lower) / 2
  }

  /// Σ (f − ½).
  private func excess(_ mu: Double) -> Double {
    energies.reduce(0) { $0 - 0.5 * tanh(($1 - mu) / (2 * temperature)) }
  }

  /// Ω = −T Σ ln(1 + e^(−(ε − μ)/T)).
  func grandPotential(_ mu: Double) -> Double {
    energies.reduce(0) { $0 + Self.grandPotential($1 - mu, temperature) }
  }

  /// −T ln(1 + e^(−x/T)), without overflow.
  static func grandPotential(_ x: Double, _ temperature: Double) -> Double {
    min(x, 0) - temperature * log1p(exp(-abs(x) / temperature))
  }
}
