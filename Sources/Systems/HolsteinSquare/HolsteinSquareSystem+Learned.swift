/// A system whose forces can be learned ones, in place of those of its equations.
public protocol LearnedForceSystem: DynamicalSystem {
  /// The same system with forces that are learned on the fly as a log says: the sites of each step that an earlier run
  /// solved are solved again, whatever is thought of them now.
  /// - Throws: `SystemError` where nothing is learned on the fly, or the log says nothing.
  func replaying(_ records: [OnTheFlyRecord]) throws(SystemError) -> any DynamicalSystem

  /// The same system whose electrons have the density that a learned field gives; its bath, noise and springs stay.
  /// - Parameter density: n (N) at displacements Q (N), as a function of these alone; nil where the field has none. Called
  ///   from several threads.
  func learned(_ density: @escaping @Sendable (_ q: [Double]) -> [Double]?) -> any DynamicalSystem
}

extension HolsteinSquareSystem: LearnedForceSystem {
  /// What stands in the place of the system's own electrons; no attribute says of it.
  enum Substitute: Sendable {
    /// Logs of learning on the fly, by trajectory.
    case script([Int: [OnTheFlyRecord]])
    case density(@Sendable (_ q: [Double]) -> [Double]?)
  }

  public func replaying(_ records: [OnTheFlyRecord]) throws(SystemError) -> any DynamicalSystem {
    guard electrons.engine == .onTheFly else {
      throw SystemError(
        .invalidParameter,
        "a log of labels is replayed by the engine `\(ElectronConfiguration.Engine.onTheFly.rawValue)`, not by `\(electrons.engine.rawValue)`",
        key: "engine")
    }
    guard !records.isEmpty else { throw SystemError(.invalidState, "the log to replay says nothing") }
    var other = self
    other.substitute = .script(Dictionary(grouping: records, by: \.trajectory))
    return other
  }

  public func learned(_ density: @escaping @Sendable (_ q: [Double]) -> [Double]?) -> any DynamicalSystem {
    var other = self
    other.substitute = .density(density)
    return other
  }

  /// What learns the forces of one trajectory; nil where they are not learned on the fly.
  func onTheFlyField(seed: UInt64, trajectory: Int) -> OnTheFlyField? {
    guard electrons.engine == .onTheFly, parameters.coupling != 0 else { return nil }
    var script: [OnTheFlyRecord]?
    switch substitute {
    case .density: return nil
    case .script(let records): script = records[trajectory] ?? []
    case nil: script = nil
    }
    return OnTheFlyField(
      electrons.learning, radius: electrons.radius, seed: seed, trajectory: trajectory, replaying: script)
  }
}
