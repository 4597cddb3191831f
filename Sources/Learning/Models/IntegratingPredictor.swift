internal import Tensors
public import Trajectories

/// The predictor of a model that learns the time derivative: classical Runge–Kutta steps over one saving interval.
public final class IntegratingPredictor: Predictor {
  /// Writes du/dt of a state, both of (layout.count).
  public typealias Tendency = (_ state: UnsafePointer<Float>, _ tendency: UnsafeMutablePointer<Float>) -> Void

  public let layout: StateLayout
  private let step: Float
  private let steps: Int
  private let derivative: Tendency
  /// The four slopes and the state at which the next one is taken.
  private let slopes: FloatBuffer
  private let evolves: [Range<Int>]

  /// - Parameters:
  ///   - interval: Time between two saved frames, in the system's unit.
  ///   - steps: Runge–Kutta steps an interval, at least 1.
  ///   - tendency: What is asked four times a step; what it says of parameters and forcings is ignored.
  public init(_ layout: StateLayout, interval: Double, steps: Int = 1, tendency: @escaping Tendency) {
    precondition(steps >= 1, "IntegratingPredictor: an interval needs at least one step, got \(steps)")
    self.layout = layout
    step = Float(interval / Double(steps))
    self.steps = steps
    derivative = tendency
    slopes = FloatBuffer(count: 5 * layout.count)
    evolves = zip(layout.fields, layout.ranges).filter { $0.0.role == .prognostic }.map(\.1)
  }

  public func tendency(at state: State<Float>) -> State<Float>? {
    var result = State<Float>(zero: layout)
    derivative(state.values, &result.values)
    return result
  }

  public func advance(_ state: inout State<Float>) {
    precondition(
      state.values.count == layout.count,
      "IntegratingPredictor: made for \(layout.summary), got \(state.layout.summary)")
    state.values.withUnsafeMutableBufferPointer { values in
      for _ in 0..<steps { advance(values.baseAddress!) }
    }
  }

  private func advance(_ state: UnsafeMutablePointer<Float>) {
    let size = layout.count
    func slope(_ k: Int) -> UnsafeMutablePointer<Float> { slopes.pointer + k * size }
    let moved = slope(4)
    derivative(state, slope(0))
    for (k, part) in [(1, step / 2), (2, step / 2), (3, step)] {
      moved.update(from: state, count: size)
      for range in evolves { for i in range { moved[i] += part * slope(k - 1)[i] } }
      derivative(moved, slope(k))
    }
    for range in evolves {
      for i in range { state[i] += step / 6 * (slope(0)[i] + 2 * (slope(1)[i] + slope(2)[i]) + slope(3)[i]) }
    }
  }
}
