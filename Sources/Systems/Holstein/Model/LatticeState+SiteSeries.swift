internal import Trajectories

extension LatticeState {
  /// What a chain has on its sites.
  static var siteSeries: [SiteSeries] {
    [
      SiteSeries("density", symbol: "n") { state in
        let lattice = LatticeState(state)
        return (0..<lattice.sites).map { lattice.density($0) }
      },
      SiteSeries("displacement", symbol: "Q") { LatticeState($0).q },
    ]
  }
}
