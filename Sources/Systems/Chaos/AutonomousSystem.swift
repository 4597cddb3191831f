internal import Settings
public import Trajectories

/// A system du/dt = f(u), with or without noise, whose right-hand side does not change in time: what a file of one has to
/// say.
///
/// Everything else, from ensembles to the tendency, follows. Nothing here allocates in a step.
public protocol AutonomousSystem: DynamicalSystem {
  var sampling: Sampling { get set }
  /// Its own keys and their values, without the sampling's.
  var parameters: [String: Attribute] { get }

  /// The state of one trajectory before the transient, from its seed and number alone; (layout.count).
  func initialState(seed: UInt64, trajectory: Int) -> [Double]

  /// f(u).
  /// - Parameters: both (layout.count).
  func derivative(_ u: UnsafePointer<Double>, _ rate: UnsafeMutablePointer<Double>)

  /// Advances a state; the classical Runge–Kutta method without other word.
  /// - Parameter u: (layout.count).
  func advance(_ u: UnsafeMutablePointer<Double>, steps: Int)

  /// The same of a system with noise, whose random numbers are those of the place; without other word there is none.
  func advance(_ u: UnsafeMutablePointer<Double>, steps: Int, at place: NoisePlace)

  /// Advances several states that lie one behind the other; one by one without other word.
  /// - Parameters:
  ///   - states: (trajectories, layout.count).
  ///   - place: Of the first; the others have the numbers after it.
  func advance(_ states: UnsafeMutablePointer<Double>, trajectories: Int, steps: Int, at place: NoisePlace)

  /// Seed of the noise on trajectories that go on from given states; those from a seed have its own.
  var noiseSeed: UInt64 { get }

  /// The longest step that makes sense in the system's unit of time; 1 without other word.
  static var mostStep: Double { get }

  /// Whether n steps and then m are n + m steps to the last bit.
  var stepsAreExact: Bool { get }

  /// - Throws: `SystemError` for parameters that cannot be.
  func validate() throws(SystemError)
}

extension AutonomousSystem {
  public var dt: Double { sampling.dt }
  public var saveEvery: Int { sampling.saveEvery }
  public var hasMids: Bool { sampling.midInterval }
  public var stepsAreExact: Bool { true }
  public var noiseSeed: UInt64 { 1 }
  public static var mostStep: Double { 1 }

  public func advance(_ u: UnsafeMutablePointer<Double>, steps: Int, at place: NoisePlace) { advance(u, steps: steps) }

  public func advance(_ states: UnsafeMutablePointer<Double>, trajectories: Int, steps: Int, at place: NoisePlace) {
    for k in 0..<trajectories {
      advance(
        states + k * layout.count, steps: steps,
        at: NoisePlace(seed: place.seed, trajectory: place.trajectory + k, step: place.step))
    }
  }

  public var attributes: [String: Attribute] {
    AttributeReader.complete(parameters.merging(sampling.attributes) { $1 }, system: Self.word)
  }

  public func ensemble(_ numbers: Range<Int>, seed: UInt64, workers: Int = 1) throws(SystemError) -> any Ensemble {
    try AutonomousEnsemble(self, numbers, seed: seed, workers: workers)
  }

  public func ensemble(from states: [State<Double>], firstTime: Double = 0, workers: Int = 1) throws(SystemError)
    -> any Ensemble
  {
    try AutonomousEnsemble(self, from: states, firstTime: firstTime, workers: workers)
  }

  /// Noise is that of trajectory 0, so that neighbours feel the same.
  public func advance(_ values: inout [Double], from time: Double = 0, steps: Int) {
    precondition(values.count == layout.count, "\(name) has \(layout.count) numbers, not \(values.count)")
    let place = NoisePlace(seed: noiseSeed, trajectory: 0, step: Int((time / dt).rounded()))
    values.withUnsafeMutableBufferPointer { advance($0.baseAddress!, steps: steps, at: place) }
  }

  public func with(dt: Double, saveEvery: Int, midInterval: Bool) throws(SystemError) -> Self {
    var other = self
    other.sampling = try sampling.with(dt: dt, saveEvery: saveEvery, midInterval: midInterval)
    return other
  }

  public func tendency(of state: State<Double>, at time: Double) -> State<Double>? {
    precondition(state.values.count == layout.count, "\(name) has \(layout.count) numbers, not \(state.values.count)")
    let rates = [Double](unsafeUninitializedCapacity: layout.count) { rates, count in
      rates.initialize(repeating: 0)
      state.values.withUnsafeBufferPointer { derivative($0.baseAddress!, rates.baseAddress!) }
      count = layout.count
    }
    return State(layout, rates)
  }

  public func advance(_ u: UnsafeMutablePointer<Double>, steps: Int) {
    rungeKutta(u, steps: steps)
  }

  /// The classical Runge–Kutta method of fourth order.
  func rungeKutta(_ u: UnsafeMutablePointer<Double>, steps: Int) {
    guard steps > 0 else { return }
    let n = layout.count
    let dt = dt
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 5 * n) { workspace in
      workspace.initialize(repeating: 0)
      let k1 = workspace.baseAddress!
      let (k2, k3, k4, moved) = (k1 + n, k1 + 2 * n, k1 + 3 * n, k1 + 4 * n)
      for _ in 0..<steps {
        derivative(u, k1)
        for i in 0..<n { moved[i] = u[i] + dt / 2 * k1[i] }
        derivative(moved, k2)
        for i in 0..<n { moved[i] = u[i] + dt / 2 * k2[i] }
        derivative(moved, k3)
        for i in 0..<n { moved[i] = u[i] + dt * k3[i] }
        derivative(moved, k4)
        for i in 0..<n { u[i] += dt / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]) }
      }
    }
  }

  /// Reports what is wrong with the parameters that were read.
  /// - Returns: Whether nothing is.
  func isSound(in section: ConfigurationSection) -> Bool {
    do {
      try validate()
      return true
    } catch {
      section.problem(error.message, key: error.key ?? "dt")
      return false
    }
  }
}

extension SystemError {
  /// - Throws: `SystemError` for a parameter that is not in its range, or not a number.
  static func check(_ value: Double, in range: ClosedRange<Double>, _ key: String) throws(SystemError) {
    guard range.contains(value) else {
      throw SystemError(
        .invalidParameter, "`\(key)` must be from \(range.lowerBound) to \(range.upperBound), got \(value)", key: key)
    }
  }
}
