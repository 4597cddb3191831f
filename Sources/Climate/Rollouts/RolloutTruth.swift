public import Trajectories

/// The held-out truth that rollouts are compared with: checked once, then used for every checkpoint.
public struct RolloutTruth: Sendable {
  /// Where a rollout begins.
  public struct Start: Codable, Sendable, Equatable {
    public var trajectory: Int
    public var frame: Int

    public init(trajectory: Int, frame: Int) {
      self.trajectory = trajectory
      self.frame = frame
    }
  }

  public let system: any SystemDescription
  /// What climates look at.
  public let observables: [Observable]
  /// (B).
  public let starts: [Start]
  /// (B, T + 1): the first of each is where the rollout starts.
  public let states: [[State<Double>]]
  /// Series by observable, (B, T + 1) each.
  public let series: [String: [[Double]]]
  /// Series of as much other truth over the same frames, for noise floors.
  public let reference: [String: [[Double]]]?
  /// Time between two frames.
  public let interval: Double
  /// Of time, such as `ħ/t_hop`; `frames` where no time is known, empty for none.
  public let timeUnit: String
  /// Of each evolving field, entries summed.
  let variances: [Double]
  /// By observable, the range beyond which a rollout has diverged.
  let limits: [String: Double]

  /// - Parameters:
  ///   - observables: The system's own when nil.
  ///   - starts: Trajectories and frames that the states are from; numbered from 0 when empty.
  ///   - states: (B, T + 1), all of one length and of the system's layout.
  ///   - reference: See `series(of:_:)`.
  ///   - timeUnit: The system's own when nil.
  ///   - contract: Laws that every state must keep; the system's own when nil. Numbers that were kept in single precision
  ///     are held to them but for its round-off.
  /// - Throws: `ClimateError` that names the trajectory and the frame for a truth that is not finite or breaks a law: what
  ///   is compared with it would be worth nothing.
  public init(
    of system: any SystemDescription, observables: [Observable]? = nil, starts: [Start] = [],
    states: [[State<Double>]], reference: [String: [[Double]]]? = nil, interval: Double,
    timeUnit: String? = nil, contract: [Invariant]? = nil
  ) throws(ClimateError) {
    guard let length = states.first?.count, length > 0, states.allSatisfy({ $0.count == length }) else {
      throw ClimateError(.invalidData, "the truth needs trajectories of one length, got \(states.map(\.count)) frames")
    }
    guard states.allSatisfy({ $0.allSatisfy { $0.values.count == system.layout.count } }) else {
      throw ClimateError(.invalidData, "the truth's states are not \(system.layout.summary)")
    }
    self.system = system
    self.observables = observables ?? system.observables
    self.starts =
      starts.isEmpty ? states.indices.map { Start(trajectory: $0, frame: 0) } : starts
    guard self.starts.count == states.count else {
      throw ClimateError(.invalidData, "\(states.count) trajectories of truth have \(starts.count) starts")
    }
    self.states = states
    self.reference = reference
    self.interval = interval
    self.timeUnit = timeUnit ?? system.timeUnit
    for (start, states) in zip(self.starts, states) {
      try Self.check(states, from: start, contract ?? system.invariants, interval: interval)
    }
    let series = Self.series(of: self.observables, states)
    self.series = series
    for (name, series) in series {
      for (start, values) in zip(self.starts, series) {
        guard let t = values.firstIndex(where: { !$0.isFinite }) else { continue }
        throw ClimateError(
          .notFinite,
          "the truth cannot be judged by: \(name) of trajectory \(start.trajectory), frame \(start.frame + t), is \(values[t])"
        )
      }
    }
    for (name, series) in reference ?? [:] {
      guard let k = series.firstIndex(where: { !$0.allSatisfy(\.isFinite) }) else { continue }
      throw ClimateError(
        .notFinite, "the other truth for the noise floor is not finite: \(name) of its trajectory \(k)")
    }
    variances = system.layout.evolving.map { Self.variance(of: states, system.layout.range($0.name)) }
    limits = Dictionary(
      self.observables.map { observable in
        (
          observable.name,
          Divergence.limit(series[observable.name]!, size: Divergence.size(of: observable, states))
        )
      }, uniquingKeysWith: { first, _ in first })
  }

  /// Observables of rollouts, (B, T + 1) each: what `reference` takes.
  public static func series(of observables: [Observable], _ rollouts: [[State<Double>]]) -> [String: [[Double]]] {
    Dictionary(
      observables.map { observable in (observable.name, rollouts.map { $0.map(observable.value) }) },
      uniquingKeysWith: { first, _ in first })
  }

  private static func check(
    _ states: [State<Double>], from start: Start, _ laws: [Invariant], interval: Double
  ) throws(ClimateError) {
    // Single precision keeps laws to its own round-off only.
    let isSingle = states.allSatisfy { $0.values.allSatisfy { Double(Float($0)) == $0 } }
    var contract = FrameContract(isSingle ? laws.map(\.forSinglePrecision) : laws)
    for (t, state) in states.enumerated() {
      let frame = start.frame + t
      guard state.isFinite else {
        throw ClimateError(
          .notFinite,
          "the truth cannot be judged by: trajectory \(start.trajectory), frame \(frame), has a value that is not finite; use other held-out trajectories or end the horizon before it"
        )
      }
      let sample = Frame(
        trajectory: start.trajectory, index: frame, time: Double(frame) * interval, state: state)
      if let reason = contract.violation(of: sample) {
        throw ClimateError(
          .brokenLaw,
          "the truth cannot be judged by: trajectory \(start.trajectory), frame \(frame): \(reason)")
      }
    }
  }

  /// Mean squared deviation from the mean state of all rollouts and frames, entries of the range summed.
  private static func variance(of states: [[State<Double>]], _ range: Range<Int>) -> Double {
    let count = Double(states.reduce(0) { $0 + $1.count })
    var mean = [Double](repeating: 0, count: range.count)
    for rollout in states {
      for state in rollout {
        state.values.withUnsafeBufferPointer { x in
          for k in 0..<mean.count { mean[k] += x[range.lowerBound + k] / count }
        }
      }
    }
    var total = 0.0
    for rollout in states {
      for state in rollout {
        var sum = 0.0
        state.values.withUnsafeBufferPointer { x in
          for k in 0..<mean.count {
            let difference = x[range.lowerBound + k] - mean[k]
            sum += difference * difference
          }
        }
        total += sum
      }
    }
    return total / count
  }
}

extension Invariant {
  /// The law as numbers of seven digits keep it.
  fileprivate var forSinglePrecision: Invariant {
    var law = self
    let slack = 1e-5 * max(1, abs(limit ?? 0))
    law.limit = limit.map { measure == .smallest ? $0 - slack : $0 + slack }
    if case .deviation(let expected) = measure { law.limit = limit.map { $0 + 1e-5 * abs(expected) } }
    return law
  }
}

extension StateLayout {
  /// The fields that a model predicts, in order.
  var evolving: [Field] { fields.filter { $0.role == .prognostic } }
}
