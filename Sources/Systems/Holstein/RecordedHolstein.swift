public import Trajectories

/// Recorded arrays ρ, Q, P of a chain whose parameters are not known: what can be said without them.
///
/// No energies, no tendency and no symmetries: those of wrong parameters would be worse than none.
public struct RecordedHolstein: SystemDescription {
  public let layout: StateLayout
  public let attributes: [String: Attribute]
  private let sites: Int

  public init(sites: Int, attributes: [String: Attribute]) {
    self.sites = sites
    self.attributes = attributes
    layout = HolsteinSystem.layout(sites: sites)
  }

  public var name: String { HolsteinSystem.word }

  public var observables: [Observable] { Array(allObservables.prefix(2)) }

  public var allObservables: [Observable] {
    // Those that need no parameters do not look at these.
    HolsteinObservable.allCases.filter { !$0.needsParameters }.map { $0.observable(HolsteinParameters(coupling: 0)) }
  }

  public var siteSeries: [SiteSeries] { LatticeState.siteSeries }

  public var invariants: [Invariant] {
    HolsteinInvariants.list(sites: sites, parameters: nil, conservesEnergy: false)
  }
}
