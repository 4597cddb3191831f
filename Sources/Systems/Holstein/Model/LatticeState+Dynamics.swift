extension LatticeState {
  /// The equations of motion at this state, entry by entry.
  ///
  /// dρ/dt = −i [H, ρ], dQ/dt = K₀ P, dP/dt = η g (n − n̄) − K₀ Q, with H_{i,i±1} = −t and H_{ii} = V_i − g Q_i on a ring.
  /// This plain form is the oracle of the fast kernel, and gives the trainer its derivative labels.
  public func derivative(_ parameters: HolsteinParameters) -> LatticeState {
    let L = sites
    let (qStart, pStart) = (qStart, pStart)
    let numbers = values.withUnsafeBufferPointer { values in
      [Double](unsafeUninitializedCapacity: values.count) { result, count in
        let diagonal = (0..<L).map { (parameters.disorder?[$0] ?? 0) - parameters.coupling * values[qStart + $0] }
        for a in 0..<L {
          let above = (a + L - 1) % L
          let below = (a + 1) % L
          for b in 0..<L {
            let left = (b + L - 1) % L
            let right = (b + 1) % L
            let at = 2 * (a * L + b)
            // [H, ρ]_ab = −t (ρ_{a−1,b} + ρ_{a+1,b} − ρ_{a,b−1} − ρ_{a,b+1}) + (H_aa − H_bb) ρ_ab
            func commutator(_ part: Int) -> Double {
              -parameters.hopping
                * (values[2 * (above * L + b) + part] + values[2 * (below * L + b) + part]
                  - values[2 * (a * L + left) + part] - values[2 * (a * L + right) + part])
                + (diagonal[a] - diagonal[b]) * values[at + part]
            }
            result.initializeElement(at: at, to: commutator(1))
            result.initializeElement(at: at + 1, to: -commutator(0))
          }
        }
        for i in 0..<L {
          let (q, p, density) = (values[qStart + i], values[pStart + i], values[2 * (i * L + i)])
          result.initializeElement(at: qStart + i, to: parameters.k0 * p)
          result.initializeElement(
            at: pStart + i,
            to: parameters.eta * parameters.coupling * (density - parameters.filling) - parameters.k0 * q)
        }
        count = values.count
      }
    }
    return LatticeState(sites: L, values: numbers)
  }

  /// One step of the classical Runge–Kutta method with the plain equations: the oracle of the fast kernel.
  package func rungeKuttaStep(_ parameters: HolsteinParameters, dt: Double) -> LatticeState {
    let k1 = derivative(parameters)
    let k2 = adding(k1, times: dt / 2).derivative(parameters)
    let k3 = adding(k2, times: dt / 2).derivative(parameters)
    let k4 = adding(k3, times: dt).derivative(parameters)
    return adding(k1, times: dt / 6).adding(k2, times: dt / 3).adding(k3, times: dt / 3).adding(k4, times: dt / 6)
  }

  private func adding(_ other: LatticeState, times factor: Double) -> LatticeState {
    var result = self
    for i in values.indices { result.values[i] += factor * other.values[i] }
    return result
  }
}
