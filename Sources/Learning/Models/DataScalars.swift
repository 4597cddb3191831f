/// The nine largest magnitudes in the training data, by which networks scale what goes in and comes out.
///
/// Each is max |x| over every entry; for ρ the maximum over real and imaginary parts (not the modulus). Rates are time
/// derivatives; steps are differences between successive saved frames. Computed from training data only.
public struct DataScalars: Codable, Sendable, Equatable {
  public var rho: Float
  public var q: Float
  public var p: Float
  public var rhoRate: Float
  public var qRate: Float
  public var pRate: Float
  public var rhoStep: Float
  public var qStep: Float
  public var pStep: Float

  /// The names of the published checkpoints.
  private enum CodingKeys: String, CodingKey {
    case rho
    case q = "Q"
    case p = "P"
    case rhoRate = "drho"
    case qRate = "dQ"
    case pRate = "dP"
    case rhoStep = "delta_rho"
    case qStep = "delta_Q"
    case pStep = "delta_P"
  }

  /// No scaling.
  public static let ones = DataScalars(repeating: 1)

  public init(repeating value: Float) {
    rho = value
    q = value
    p = value
    rhoRate = value
    qRate = value
    pRate = value
    rhoStep = value
    qStep = value
    pStep = value
  }

  /// (ρ, Q, P).
  var states: [Float] { [rho, q, p] }
  /// (dρ/dt, dQ/dt, dP/dt).
  var rates: [Float] { [rhoRate, qRate, pRate] }
  /// (Δρ, ΔQ, ΔP).
  var steps: [Float] { [rhoStep, qStep, pStep] }

  /// Whether every scalar can be divided by.
  public var isUsable: Bool { (states + rates + steps).allSatisfy { $0.isFinite && $0 > 0 } }

  /// The larger of both in every place: the scalars of the union of two sets of data.
  public func union(_ other: DataScalars) -> DataScalars {
    var result = self
    result.rho = max(rho, other.rho)
    result.q = max(q, other.q)
    result.p = max(p, other.p)
    result.rhoRate = max(rhoRate, other.rhoRate)
    result.qRate = max(qRate, other.qRate)
    result.pRate = max(pRate, other.pRate)
    result.rhoStep = max(rhoStep, other.rhoStep)
    result.qStep = max(qStep, other.qStep)
    result.pStep = max(pStep, other.pStep)
    return result
  }
}

/// Gathers `DataScalars` from windows; two folds over different data merge exactly, in any order.
public struct DataScalarFold: Codable, Sendable, Equatable {
  public private(set) var scalars = DataScalars(repeating: 0)
  public private(set) var windows = 0

  public init() {}

  public mutating func add(_ window: TrainingWindow) {
    let size = window.stateSize
    let matrix = 2 * window.sites * window.sites
    var found = DataScalars(repeating: 0)
    window.values.withUnsafeBufferPointer { values in
      for frame in 0...window.steps {
        let at = frame * size
        for k in 0..<matrix { found.rho = max(found.rho, abs(values[at + k])) }
        for k in matrix..<(matrix + window.sites) { found.q = max(found.q, abs(values[at + k])) }
        for k in (matrix + window.sites)..<size { found.p = max(found.p, abs(values[at + k])) }
        guard frame > 0 else { continue }
        let before = at - size
        for k in 0..<matrix { found.rhoStep = max(found.rhoStep, abs(values[at + k] - values[before + k])) }
        for k in matrix..<(matrix + window.sites) {
          found.qStep = max(found.qStep, abs(values[at + k] - values[before + k]))
        }
        for k in (matrix + window.sites)..<size {
          found.pStep = max(found.pStep, abs(values[at + k] - values[before + k]))
        }
      }
    }
    window.rates?.withUnsafeBufferPointer { rates in
      for step in 0..<window.steps {
        let at = step * size
        for k in 0..<matrix { found.rhoRate = max(found.rhoRate, abs(rates[at + k])) }
        for k in matrix..<(matrix + window.sites) { found.qRate = max(found.qRate, abs(rates[at + k])) }
        for k in (matrix + window.sites)..<size { found.pRate = max(found.pRate, abs(rates[at + k])) }
      }
    }
    scalars = scalars.union(found)
    windows += 1
  }

  public mutating func merge(_ other: DataScalarFold) {
    scalars = scalars.union(other.scalars)
    windows += other.windows
  }

  /// The scalars, with 1 where the data gave none (derivatives that no window carried).
  public var result: DataScalars {
    func usable(_ x: Float) -> Float { x.isFinite && x > 0 ? x : 1 }
    var result = DataScalars.ones
    result.rho = usable(scalars.rho)
    result.q = usable(scalars.q)
    result.p = usable(scalars.p)
    result.rhoRate = usable(scalars.rhoRate)
    result.qRate = usable(scalars.qRate)
    result.pRate = usable(scalars.pRate)
    result.rhoStep = usable(scalars.rhoStep)
    result.qStep = usable(scalars.qStep)
    result.pStep = usable(scalars.pStep)
    return result
  }
}
