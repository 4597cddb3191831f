/// Finds μ where the charge is half of the sites: Newton's method, held within what is known.
///
/// The excess Σ (n − ½) rises with μ. Sharp levels make the charge a flight of stairs, on which a derivative may lead
/// anywhere: where it leads out of the interval that the root must lie in, or did not halve the excess, a step of
/// growing length brackets the root, or the bracket is halved.
struct ChemicalPotentialSearch {
  private var low: Double
  private var high: Double
  private var hasLow = false
  private var hasHigh = false
  private var stride: Double
  private var lastExcess = Double.infinity
  private(set) var steps = 0

  /// - Parameters:
  ///   - bounds: μ lies within.
  ///   - stride: Length of the first step of a kind.
  init(_ bounds: ClosedRange<Double>, stride: Double) {
    low = bounds.lowerBound
    high = bounds.upperBound
    self.stride = stride
  }

  /// The next μ to try; nil where the interval has no more numbers in it.
  /// - Parameters:
  ///   - excess: Σ (n − ½) at `mu`.
  ///   - slope: Its derivative, or a guess.
  mutating func next(after mu: Double, excess: Double, slope: Double) -> Double? {
    steps += 1
    if excess > 0 {
      (high, hasHigh) = (min(high, mu), true)
    } else {
      (low, hasLow) = (max(low, mu), true)
    }
    let isFast = abs(excess) < 0.5 * abs(lastExcess)
    lastExcess = abs(excess)
    let newton = mu - excess / slope
    let longest = hasLow && hasHigh ? Double.infinity : 4 * stride
    if slope > 0, newton > low, newton < high, isFast, abs(newton - mu) <= longest { return newton }
    lastExcess = .infinity
    if !(hasLow && hasHigh) {
      let step = excess > 0 ? -stride : stride
      stride *= 2
      let next = mu + step
      if next > low, next < high { return next }
    }
    let middle = low + (high - low) / 2
    return middle > low && middle < high ? middle : nil
  }
}

extension ElectronProblem {
  /// The μ of half filling, and what was found there; μ = 0 in the grand canonical ensemble.
  /// - Parameters:
  ///   - start: Where the search for μ begins; the middle of the sites' energies when nil.
  ///   - tolerance: Of the charge a site.
  ///   - evaluate: What is found at a μ, Σ (n − ½) there, and its derivative or a guess of it.
  func halfFilling<Found>(
    from start: Double? = nil, within tolerance: Double = 1e-12,
    _ evaluate: (Double) -> (found: Found, excess: Double, slope: Double)
  ) -> (mu: Double, found: Found) {
    guard ensemble == .canonical else { return (0, evaluate(0).found) }
    var search = ChemicalPotentialSearch(bounds, stride: max(temperature, 0.25))
    var mu = start ?? middle
    while true {
      let (found, excess, slope) = evaluate(mu)
      if abs(excess) <= tolerance * Double(count) { return (mu, found) }
      guard let next = search.next(after: mu, excess: excess, slope: slope) else { return (mu, found) }
      mu = next
    }
  }

  /// Poles that serve whatever μ `halfFilling` tries.
  var poles: FermiPoles {
    let bounds = bounds
    let reach =
      ensemble == .canonical
      ? bounds.upperBound - bounds.lowerBound : max(bounds.upperBound, -bounds.lowerBound)
    return FermiPoles(reach: reach, temperature: temperature)
  }
}
