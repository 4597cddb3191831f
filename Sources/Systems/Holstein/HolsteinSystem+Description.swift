public import Trajectories

extension HolsteinSystem {
  public var observables: [Observable] { [HolsteinObservable.deltaRho, .deltaQ].map { $0.observable(parameters) } }

  /// Energies are of the model's own g, also where a schedule changes it.
  public var allObservables: [Observable] { HolsteinObservable.allCases.map { $0.observable(parameters) } }

  public var invariants: [Invariant] {
    HolsteinInvariants.list(sites: sites, parameters: parameters, conservesEnergy: schedule == .constant)
  }

  /// The electrons' density and the displacements: their structure factors show the charge-density wave at k = π.
  public var siteSeries: [SiteSeries] { LatticeState.siteSeries }

  /// A turn by one site, which generates all turns, and the mirror; a disordered chain has neither.
  public var symmetries: [Permutation] {
    guard parameters.disorder?.allSatisfy({ $0 == parameters.disorder?.first }) ?? true else { return [] }
    let L = sites
    return [
      permutation("translation") { ($0 + 1) % L },
      permutation("reflection") { (L - $0) % L },
    ]
  }

  /// What the published 5 364-parameter model reaches on the shallow quench, measured with its own program: root mean
  /// square errors of rollouts of so many frames. Empty for any other system.
  public func published(frames: Int) -> [(observable: String, error: Double)] {
    var shallow = EnsembleConfiguration(preset: .shallow, sites: sites, seed: configuration.seed)
    shallow.midInterval = configuration.midInterval
    guard frames == 300, legacy == nil, configuration == shallow else { return [] }
    return switch sites {
    case 16: [("deltaRho", 4.16e-3), ("deltaQ", 2.71e-3)]
    case 32: [("deltaRho", 2.17e-3)]
    default: []
    }
  }

  /// The chain of which site i is site `source(i)` of the state.
  private func permutation(_ name: String, _ source: (Int) -> Int) -> Permutation {
    let L = sites
    let sources = (0..<L).map(source)
    var table: [Int] = []
    table.reserveCapacity(layout.count)
    for a in sources { for b in sources { table += [2 * (a * L + b), 2 * (a * L + b) + 1] } }
    for start in [2 * L * L, 2 * L * L + L] { table += sources.map { start + $0 } }
    return Permutation(name, source: table)
  }
}
