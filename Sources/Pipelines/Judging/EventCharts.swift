internal import Climate
internal import Learning
internal import Streams
internal import Synchronization
internal import Trajectories

/// The charts that are drawn of what flows in a pipeline: here, and only here, they get their names, axes and units.
struct EventCharts: Sendable {
  /// Where the frames come from; nil where that is not known, and frames are counted.
  private let source: (any TrajectorySource)?
  private let observables: Late<[Observable]>
  /// How words write what was shown so far, by name.
  private let labels: Labels
  private let checkpoints = CheckpointCharts()
  /// Nil where the source's states do not lie on a ring.
  private let maps: SpaceTimeMaps?

  init(_ source: (any TrajectorySource)?) {
    self.source = source
    observables = Late { source?.system.observables ?? [] }
    maps = source.flatMap(SpaceTimeMaps.init)
    labels = Labels(source)
  }

  /// Asked for once a name, and not once a number.
  private final class Labels: Sendable {
    private let source: (any TrajectorySource)?
    private let known = Mutex<[String: RunEvent.Axis]>([:])

    init(_ source: (any TrajectorySource)?) { self.source = source }

    subscript(name: String) -> RunEvent.Axis {
      known.withLock { known in
        if let label = known[name] { return label }
        let found = source?.system.observable(name)
        let unit = found.flatMap { $0.unit.isEmpty ? nil : $0.unit }
        let label = RunEvent.Axis(found?.symbol ?? name, unit: unit)
        known[name] = label
        return label
      }
    }
  }

  private static func time(_ unit: String?) -> RunEvent.Axis {
    .init("time", unit: unit.flatMap { $0.isEmpty ? nil : $0 })
  }

  /// Autocorrelations run over time, in the unit of the system where it has one, and over frames where no time is known.
  private static func lag(_ unit: String) -> RunEvent.Axis {
    unit.isEmpty ? .init("lag in time") : .init("lag", unit: unit)
  }

  /// Observables of one frame of the live stream, a chart each; what is on the sites of a square lattice as maps, of a ring
  /// over time.
  func events(of frame: Frame) -> [RunEvent] {
    events(of: Observation(frame, observables.value)) + LatticeCharts.maps(of: frame, source?.system)
      + (maps?.events(of: frame.trajectory, at: .now) ?? [])
  }

  /// Numbers of one instant of the live stream, a chart each.
  func events(of observation: Observation) -> [RunEvent] {
    zip(observation.names, observation.values).map { name, value in
      let label = labels[name]
      return .point(
        .init(
          section: "Live stream", title: label.label, subject: "trajectory \(observation.trajectory)",
          x: Self.time(source?.timeUnit), y: label),
        x: observation.time, values: [label.label: value])
    }
  }

  /// Autocorrelations of the live stream, over time where the interval is known; of a lattice, what its domains do.
  func events(of snapshot: ClimateSnapshot) -> [RunEvent] {
    let lattice = source.map { LatticeCharts.events(of: snapshot, $0.system, interval: $0.interval) } ?? []
    return lattice
      + snapshot.observables.map { observable in
        let symbol = labels[observable.name].label
        return .curves(
          .init(
            // One chart with the verdict's, which run over time as well; where no time is known, a chart of its own.
            section: "Autocorrelation", title: source == nil ? "\(symbol) over frames" : symbol,
            x: Self.lag(source?.timeUnit ?? "frames"),
            y: .init("autocorrelation of \(symbol)")),
          [.init(name: "live stream", step: source?.interval ?? 1, values: observable.autocorrelation)])
      }
  }

  /// The points that a verdict adds to the charts of all verdicts.
  func scores(of verdict: Verdict) -> [RunEvent] { checkpoints.events(of: verdict) }

  /// Truth against rollout, and the autocorrelations of both.
  func events(of verdict: Verdict) -> [RunEvent] {
    let subject = verdict.checkpoint
    func pair(_ truth: [Double], _ rollout: [Double]) -> [RunEvent.Series] {
      [
        .init(name: "truth", step: verdict.timeStep, values: truth),
        .init(name: "rollout", step: verdict.timeStep, values: rollout, isDashed: true),
      ]
    }
    let rollouts: [RunEvent] = verdict.observables.compactMap { observable in
      guard let truth = verdict.example["\(observable.name) truth"],
        let model = verdict.example["\(observable.name) model"]
      else { return nil }
      return .curves(
        .init(
          section: "Truth against rollout", title: observable.symbol, subject: subject,
          x: Self.time(verdict.timeUnit),
          y: .init(observable.symbol, unit: observable.unit.isEmpty ? nil : observable.unit)),
        pair(truth, model))
    }
    return scores(of: verdict) + rollouts + Self.forces(of: verdict)
      + verdict.observables.compactMap { observable in
        guard let curve = verdict.climate.autocorrelation[observable.name] else { return nil }
        return .curves(
          .init(
            section: "Autocorrelation", title: observable.symbol, subject: subject,
            x: Self.lag(verdict.timeUnit), y: .init("autocorrelation of \(observable.symbol)")),
          pair(curve.truth, curve.other))
      }
  }
}

extension EventCharts {
  /// The loss first, then whatever else a step tells, a chart each.
  static func events(of record: TrainingRecord) -> [RunEvent] {
    var numbers = record.numbers
    numbers["total"] = nil
    func event(_ title: String, _ values: [String: Double], isLogarithmic: Bool = false) -> RunEvent {
      .point(
        .init(
          section: "Training", title: title, x: .init("step"),
          y: .init(title, isLogarithmic: isLogarithmic)), x: Double(record.report.step), values: values)
    }
    var loss: [String: Double] = [:]
    loss["training"] = numbers.removeValue(forKey: "loss")
    loss["held-out data"] = numbers.removeValue(forKey: "loss on held-out data")
    return [event("loss", loss, isLogarithmic: true)]
      + numbers.sorted { $0.key < $1.key }.map { event($0.key, [$0.key: $0.value]) }
  }
}
