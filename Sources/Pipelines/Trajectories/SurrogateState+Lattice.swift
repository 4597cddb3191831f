internal import Systems
internal import Learning

extension SurrogateState {
  /// A lattice state in single precision.
  init(_ state: LatticeState) {
    self.init(rho: state.rho.lazy.map { Float($0) }, q: state.q.map { Float($0) }, p: state.p.lazy.map { Float($0) })
  }

  /// The same numbers in double precision.
  var lattice: LatticeState { LatticeState(rho: rho.map(Double.init), q: q.map(Double.init), p: p.map(Double.init)) }
}

extension SurrogateModel {
  /// Predictions from `start`, which is the first element.
  func rollout(from start: LatticeState, steps: Int) throws -> [LatticeState] {
    try predictor(sites: start.sites).rollout(from: SurrogateState(start), steps: steps).map(\.lattice)
  }
}
