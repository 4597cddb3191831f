internal import Foundation
public import Trajectories

/// C(r) = [⟨φ(r₀) φ(r₀ + r)⟩ − ⟨φ⟩²] / [⟨φ²⟩ − ⟨φ⟩²] of a field on a ring or a square lattice, averages over r₀ and over
/// all fields that were added: trajectories at one time.
///
/// `alongAxes` is C along rows and columns, r a whole number of sites, as the published work has it; `circular` averages
/// over all separations whose length rounds to r. The products come from the Wiener–Khinchin theorem: the power spectrum's
/// transform.
public struct EqualTimeCorrelation: Sendable, Equatable {
  public let domain: Domain
  /// Fields that were added; those that are not finite, or not of the domain, are not.
  public private(set) var fields = 0
  private var mean = 0.0
  /// ⟨φ(r₀) φ(r₀ + r)⟩ for r = 0 … `reach`, averaged over fields.
  private var axes: [Double]
  private var circle: [Double]

  /// - Precondition: The domain has sites.
  public init(on domain: Domain) {
    precondition(domain.sites != nil, "correlations at equal times need a ring or a lattice")
    self.domain = domain
    axes = [Double](repeating: 0, count: Self.reach(domain) + 1)
    circle = axes
  }

  /// The largest r: half of the shorter edge.
  public var reach: Int { axes.count - 1 }

  private static func reach(_ domain: Domain) -> Int {
    switch domain {
    case .none: 0
    case .ring(let sites): sites / 2
    case .square(let rows, let columns): min(rows, columns) / 2
    }
  }

  /// - Parameter field: (sites), rows one behind the other.
  public mutating func add(_ field: [Double]) {
    guard field.count == domain.sites, field.allSatisfy(\.isFinite) else { return }
    let products: (axes: [Double], circle: [Double])
    switch domain {
    case .none: return
    case .ring(let sites):
      let all = Self.products(field, 1, sites)
      products = (Array(all[0...reach]), Array(all[0...reach]))
    case .square(let rows, let columns):
      products = Self.averages(Self.products(field, rows, columns), rows, columns, reach)
    }
    fields += 1
    let share = 1 / Double(fields)
    mean += share * (field.reduce(0, +) / Double(field.count) - mean)
    for r in 0...reach {
      axes[r] += share * (products.axes[r] - axes[r])
      circle[r] += share * (products.circle[r] - circle[r])
    }
  }

  /// Adds the fields of another average over the same domain.
  public mutating func merge(_ other: EqualTimeCorrelation) { self = Self.pooled([(1, self), (1, other)]) }

  /// All fields together, each average with a weight: what resampling and jackknives take.
  /// - Precondition: There is one, and all are over one domain.
  static func pooled(_ parts: [(weight: Double, correlation: EqualTimeCorrelation)]) -> EqualTimeCorrelation {
    precondition(parts.allSatisfy { $0.correlation.domain == parts[0].correlation.domain }, "one domain")
    var sum = EqualTimeCorrelation(on: parts[0].correlation.domain)
    let total = parts.reduce(0) { $0 + $1.weight * Double($1.correlation.fields) }
    guard total > 0 else { return sum }
    for (weight, part) in parts where part.fields > 0 && weight > 0 {
      let share = weight * Double(part.fields) / total
      sum.fields += part.fields
      sum.mean += share * part.mean
      for r in 0...sum.reach {
        sum.axes[r] += share * part.axes[r]
        sum.circle[r] += share * part.circle[r]
      }
    }
    return sum
  }

  /// C(r) for r = 0 … `reach` along the axes, 1 at 0; NaN where nothing was added or nothing varies.
  public var alongAxes: [Double] { normalised(axes) }
  /// The same over all directions.
  public var circular: [Double] { normalised(circle) }

  private func normalised(_ products: [Double]) -> [Double] {
    let variance = axes[0] - mean * mean
    guard fields > 0, variance > 1e-12 * axes[0] else { return products.map { _ in .nan } }
    return products.map { ($0 - mean * mean) / variance }
  }

  /// ξ: where C(r) along the axes first falls to ½, by straight lines between sites; nil where it does not.
  public var length: Double? { Self.halfLength(alongAxes) }

  /// Where values that begin at 1 first fall to ½, in units of their spacing; nil where they do not.
  public static func halfLength(_ correlation: [Double]) -> Double? {
    guard let r = correlation.firstIndex(where: { !($0 > 0.5) }), r > 0, correlation[r].isFinite else { return nil }
    let (before, after) = (correlation[r - 1], correlation[r])
    return Double(r - 1) + (before - 0.5) / (before - after)
  }

  // MARK: Products

  /// (1/N) Σ_{r₀} φ(r₀) φ(r₀ + d) for all separations d, (rows, columns).
  private static func products(_ field: [Double], _ rows: Int, _ columns: Int) -> [Double] {
    var re = field
    var im = [Double](repeating: 0, count: field.count)
    FourierTransform.transform(&re, &im, rows: rows, columns: columns)
    for k in re.indices { (re[k], im[k]) = (re[k] * re[k] + im[k] * im[k], 0) }
    FourierTransform.transform(&re, &im, rows: rows, columns: columns)
    let scale = 1 / (Double(field.count) * Double(field.count))
    return re.map { $0 * scale }
  }

  private static func averages(_ all: [Double], _ rows: Int, _ columns: Int, _ reach: Int)
    -> (axes: [Double], circle: [Double])
  {
    let axes = (0...reach).map { 0.5 * (all[$0] + all[$0 * columns]) }
    var sums = [Double](repeating: 0, count: reach + 1)
    var counts = [Int](repeating: 0, count: reach + 1)
    for y in 0..<rows {
      let dy = Double(min(y, rows - y))
      for x in 0..<columns {
        let dx = Double(min(x, columns - x))
        let r = Int((dy * dy + dx * dx).squareRoot().rounded())
        guard r <= reach else { continue }
        sums[r] += all[y * columns + x]
        counts[r] += 1
      }
    }
    return (axes, zip(sums, counts).map { $0 / Double($1) })
  }
}
