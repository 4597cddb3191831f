/// Steps of a flow with a delay: dx/dt = f(x(t), x(t − τ)).
///
/// The state is x at the last N + 2 steps, τ = N steps, newest first: (x(t), x(t − h), …, x(t − τ − h)). The classical
/// Runge–Kutta method needs the earlier value half a step on, too, which the cubic through the four nearest steps gives,
/// (−x₋₁ + 9 x₀ + 9 x₁ − x₂)/16, of the method's own order.
enum EquationHistory {
  /// - Parameter u: (N + 2).
  static func advance(_ u: UnsafeMutablePointer<Double>, steps: Int, of system: EquationSystem) {
    guard steps > 0 else { return }
    let (delay, dt, program) = (system.delaySteps, system.sampling.dt, system.rates)
    let count = delay + 2
    // Oldest first, with room for as many steps as there are values; then the last ones begin again.
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 2 * count + program.registers) { workspace in
      let past = workspace.baseAddress!
      let slots = past + 2 * count
      past.initialize(repeating: 0, count: 2 * count)
      program.prepare(slots)
      for k in 0..<count { past[k] = u[count - 1 - k] }
      program.instructions.withUnsafeBufferPointer { instructions in
        let output = program.outputs[0]
        func rate(_ x: Double, _ earlier: Double) -> Double {
          slots[0] = x
          slots[1] = earlier
          EquationProgram.run(instructions, slots)
          return slots[output]
        }
        var newest = count - 1
        for _ in 0..<steps {
          let x = past[newest]
          let at = newest - delay
          let (before, after) = (past[at], past[at + 1])
          let half = (9 * (before + after) - past[at - 1] - past[at + 2]) / 16
          let k1 = rate(x, before)
          let k2 = rate(x + dt / 2 * k1, half)
          let k3 = rate(x + dt / 2 * k2, half)
          let k4 = rate(x + dt * k3, after)
          newest += 1
          past[newest] = x + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
          if newest == 2 * count - 1 {
            for k in 0..<count { past[k] = past[k + count] }
            newest = count - 1
          }
        }
        for k in 0..<count { u[k] = past[newest - k] }
      }
    }
  }
}
