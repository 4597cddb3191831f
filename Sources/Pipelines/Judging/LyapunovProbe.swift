internal import Climate
internal import Foundation
internal import Systems
internal import Learning

/// The largest Lyapunov exponents of the truth and of models, from the same states by the same estimator.
struct LyapunovProbe: Sendable {
  /// Relative to the length of a state: well above the round-off of single precision, which surrogates compute in.
  static let distance = 1e-4
  static let estimator = "λ1/two-trajectory-1e-4"

  let starts: [LatticeState]
  let frames: Int
  let parameters: HolsteinParameters
  let interval: Double

  /// The truth's exponent from each start, by the equations of motion in double precision.
  func truth() -> [LargestExponent?] {
    let steps = max(1, Int((interval / 0.01).rounded()))
    return starts.map { start in
      measure(start) { state in
        guard
          var ensemble = try? HolsteinEnsemble(
            states: [Self.lattice(state)], parameters: parameters, dt: interval / Double(steps), saveEvery: steps)
        else { return state.map { _ in .nan } }
        _ = ensemble.advance()
        return Self.vector(ensemble.advance()[0].state)
      }
    }
  }

  /// A model's exponent from each start. Models with a memory are measured without it.
  /// - Throws: `LearningError` when the model cannot run at this size.
  func exponents(of model: any SurrogateModel) throws -> [LargestExponent?] {
    try starts.map { start in
      let predictor = try model.predictor(sites: start.sites)
      return measure(start) { state in
        var state = SurrogateState(Self.lattice(state))
        predictor.advance(&state)
        return Self.vector(state.lattice)
      }
    }
  }

  private func measure(_ start: LatticeState, _ step: ([Double]) -> [Double]) -> LargestExponent? {
    LargestExponent(
      from: Self.vector(start), distance: Self.distance, timeStep: interval, transient: frames / 5, steps: frames,
      step: step)
  }

  private static func vector(_ state: LatticeState) -> [Double] { state.rho + state.q + state.p }

  private static func lattice(_ vector: [Double]) -> LatticeState {
    // 2L² + 2L numbers: L from the square root.
    let root: Double = (1 + 2 * Double(vector.count)).squareRoot()
    let sites = Int((root / 2 - 0.5).rounded())
    let rho = Array(vector.prefix(2 * sites * sites))
    let momenta = Array(vector.suffix(sites))
    return LatticeState(rho: rho, q: Array(vector.suffix(2 * sites).prefix(sites)), p: momenta)
  }

  /// The time after which single precision has forgotten its start: ln(0.4/6·10⁻⁸)/λ; nil for a truth that is not chaotic.
  static func predictability(_ truth: [LargestExponent?]) -> Double? {
    let found = truth.compactMap(\.self)
    guard !found.isEmpty else { return nil }
    let mean = found.reduce(0) { $0 + $1.value } / Double(found.count)
    let error = found.compactMap(\.standardError).max() ?? 0
    return mean > 2 * error && mean > 0 ? log(0.4 / 6e-8) / mean : nil
  }
}
