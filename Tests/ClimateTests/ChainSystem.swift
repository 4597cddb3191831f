import Foundation
import Trajectories

@testable import Climate

/// A chain of sites with a density matrix and oscillators, as a description alone: what the climate's formulas are checked
/// on, with no simulator.
struct ChainSystem: SystemDescription {
  let sites: Int
  /// Of the trace: nil reports how far it drifts, and refuses nothing.
  var limit: Double?

  var name: String { "chain" }
  var attributes: [String: Attribute] { [:] }
  var timeUnit: String { "ħ/t_hop" }
  var layout: StateLayout {
    StateLayout(
      [
        Field("rho", shape: [sites, sites], isComplex: true, symbol: "ρ"), Field("Q", shape: [sites]),
        Field("P", shape: [sites]),
      ], domain: .ring(sites))
  }

  private static func density(_ state: State<Double>, _ L: Int, _ site: Int) -> Double {
    state.values[2 * (site * L + site)]
  }

  private static func staggered(_ L: Int, _ value: (Int) -> Double) -> Double {
    (0..<L).reduce(0) { $0 + ($1 % 2 == 0 ? -value($1) : value($1)) } / Double(L)
  }

  var observables: [Observable] {
    let L = sites
    return [
      Observable("deltaRho", symbol: "Δρ") { state in Self.staggered(L) { Self.density(state, L, $0) } },
      Observable("deltaQ", symbol: "ΔQ") { state in Self.staggered(L) { state.values[2 * L * L + $0] } },
    ]
  }

  var invariants: [Invariant] {
    let L = sites
    return [
      Invariant("trace drift", measure: .drift, limit: limit) { state in
        (0..<L).reduce(0) { $0 + Self.density(state, L, $1) }
      } complaint: { value, first in
        "Tr ρ changed from \(first) to \(value)"
      },
      Invariant("lowest density", measure: .smallest, limit: nil) { state in
        (0..<L).map { Self.density(state, L, $0) }.min()!
      } complaint: { value, _ in
        "the density is \(value)"
      },
      Invariant("highest density", measure: .largest, limit: nil) { state in
        (0..<L).map { Self.density(state, L, $0) }.max()!
      } complaint: { value, _ in
        "the density is \(value)"
      },
    ]
  }

  var siteSeries: [SiteSeries] {
    let L = sites
    return [
      SiteSeries("density") { state in (0..<L).map { Self.density(state, L, $0) } },
      SiteSeries("displacement") { state in Array(state.values[(2 * L * L)..<(2 * L * L + L)]) },
    ]
  }

  func states(_ vectors: [[Double]]) -> [State<Double>] { vectors.map { State(layout, $0) } }

  func truth(_ vectors: [[[Double]]], reference: [String: [[Double]]]? = nil, interval: Double = 0.5)
    throws(ClimateError)
    -> RolloutTruth
  {
    try RolloutTruth(of: self, states: vectors.map(states), reference: reference, interval: interval)
  }
}

/// Numbers between −1/2 and 1/2 from a hash: the same everywhere, to the last bit.
struct Hashed {
  var state: UInt64

  mutating func next() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53 - 0.5
  }
}

/// States of a chain that wander about zero.
func wandering(_ seed: UInt64, frames: Int, sites: Int, from first: [Double]? = nil) -> [[Double]] {
  var random = Hashed(state: seed)
  let count = 2 * sites * sites + 2 * sites
  var values = first ?? (0..<count).map { _ in random.next() }
  var result = [values]
  for _ in 1..<frames {
    for k in 0..<count { values[k] = 0.9 * values[k] + 0.25 * random.next() }
    result.append(values)
  }
  return result
}
