internal import Trajectories

extension EquationSystem {
  public func advance(_ u: UnsafeMutablePointer<Double>, steps: Int) {
    guard definition.kind != .delay else { return EquationHistory.advance(u, steps: steps, of: self) }
    advance(u, lanes: 1, Double.self, steps: steps)
  }

  /// Eight trajectories at a time.
  public func advance(_ states: UnsafeMutablePointer<Double>, trajectories: Int, steps: Int, at place: NoisePlace) {
    let count = layout.count
    guard definition.kind != .delay, trajectories > 1 else {
      for k in 0..<trajectories { advance(states + k * count, steps: steps) }
      return
    }
    for first in stride(from: 0, to: trajectories, by: 8) {
      advance(states + first * count, lanes: min(8, trajectories - first), SIMD8<Double>.self, steps: steps)
    }
  }

  /// - Parameter states: (lanes, variables); lanes at most the width of a register.
  private func advance<Lane: EquationLane>(
    _ states: UnsafeMutablePointer<Double>, lanes: Int, _: Lane.Type, steps: Int
  ) {
    guard steps > 0 else { return }
    let n = layout.count
    let registers = rates.registers
    withUnsafeTemporaryAllocation(of: Lane.self, capacity: registers + 3 * n) { workspace in
      let slots = workspace.baseAddress!
      rates.prepare(slots)
      let (u, sum, next) = (slots + registers, slots + registers + n, slots + registers + 2 * n)
      (slots + registers).initialize(repeating: Lane(repeating: 0), count: 3 * n)
      // Registers without a trajectory compute the last one again.
      for k in 0..<n {
        for lane in 0..<Lane.width { u[k][lane] = states[min(lane, lanes - 1) * n + k] }
      }
      rates.instructions.withUnsafeBufferPointer { instructions in
        rates.outputs.withUnsafeBufferPointer { outputs in
          if definition.kind == .map {
            for _ in 0..<steps {
              for k in 0..<n { slots[k] = u[k] }
              EquationProgram.run(instructions, slots)
              for k in 0..<n { u[k] = slots[outputs[k]] }
            }
          } else {
            rungeKutta(instructions, outputs, slots, u, sum, next, steps: steps)
          }
        }
      }
      for lane in 0..<lanes {
        for k in 0..<n { states[lane * n + k] = u[k][lane] }
      }
    }
  }

  /// The classical method of fourth order.
  /// - Parameters:
  ///   - slots: The registers of the rates' program.
  ///   - u: The state, (n); `sum` and `next` as many, to work with.
  @inline(__always)
  private func rungeKutta<Lane: EquationLane>(
    _ instructions: UnsafeBufferPointer<EquationProgram.Instruction>, _ outputs: UnsafeBufferPointer<Int>,
    _ slots: UnsafeMutablePointer<Lane>, _ u: UnsafeMutablePointer<Lane>, _ sum: UnsafeMutablePointer<Lane>,
    _ next: UnsafeMutablePointer<Lane>, steps: Int
  ) {
    let n = outputs.count
    let dt = sampling.dt
    for _ in 0..<steps {
      for k in 0..<n { slots[k] = u[k] }
      EquationProgram.run(instructions, slots)
      for k in 0..<n {
        sum[k] = slots[outputs[k]]
        next[k] = u[k] + (dt / 2) * sum[k]
      }
      for stage in 0..<3 {
        for k in 0..<n { slots[k] = next[k] }
        EquationProgram.run(instructions, slots)
        let (weight, ahead) = stage == 2 ? (1.0, 0.0) : (2.0, stage == 0 ? dt / 2 : dt)
        for k in 0..<n {
          let rate = slots[outputs[k]]
          sum[k] = sum[k] + weight * rate
          next[k] = u[k] + ahead * rate
        }
      }
      for k in 0..<n { u[k] = u[k] + (dt / 6) * sum[k] }
    }
  }
}
