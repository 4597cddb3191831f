internal import Climate
public import Foundation
internal import Streams
internal import Trajectories
internal import Zarr

/// `holstream climate`: two stores side by side.
public struct ClimateJob: Sendable {
  private let truth: URL
  private let other: URL
  private let reference: URL?
  private let firstFrame: Int
  private let maximumLag: Int?
  private let observables: [String]?
  /// Largest number of factors of the products whose Koopman modes are told; nil for none.
  private let modes: Int?

  /// - Parameters:
  ///   - reference: Other truth of the same size, for the noise floor; halves of the truth when nil.
  ///   - modes: Largest number of factors of the products whose Koopman modes are told; nil for none.
  ///   - observables: Names; those that the system puts first, or the components of a small state, when nil.
  public init(
    truth: URL, other: URL, reference: URL? = nil, firstFrame: Int, maximumLag: Int?, observables: [String]? = nil,
    modes: Int? = nil
  ) {
    self.modes = modes
    self.reference = reference
    self.truth = truth
    self.other = other
    self.firstFrame = firstFrame
    self.maximumLag = maximumLag
    self.observables = observables
  }

  /// - Returns: A table, or JSON.
  /// - Throws: `StoreError`, or `RunError` for windows that hold nothing.
  public func run(json: Bool, status: TerminalStatus = TerminalStatus()) throws -> String {
    let a = try StoredTrajectories(truth)
    let b = try StoredTrajectories(other)
    let c = try reference.map { try StoredTrajectories($0) }
    for (store, url) in [(b, other)] + (c.map { [($0, reference!)] } ?? []) {
      guard store.layout.hasSameNumbers(as: a.layout, inOrder: true) else {
        throw RunError(
          .badInput, "\(truth.relativePath) has \(a.layout.summary), \(url.relativePath) has \(store.layout.summary)")
      }
    }
    for (store, url) in [(b, other)] + (c.map { [($0, reference!)] } ?? [])
    where !store.isIntervalAssumed && !a.isIntervalAssumed && abs(store.interval - a.interval) > 1e-6 * a.interval {
      throw RunError(
        .badInput,
        "frames of \(truth.relativePath) are \(a.interval) apart in time, those of \(url.relativePath) \(store.interval): autocorrelations and spectra of the two are not comparable"
      )
    }
    // Over the frames that every trajectory has: one that is shorter would count its end for all.
    let end = [a, b].map(Self.shortest).min()!
    guard firstFrame >= 0, end - firstFrame >= 2, maximumLag ?? 0 >= 0 else {
      throw RunError(
        .badInput, "there are \(end) frames in both stores; a window from frame \(firstFrame) needs at least two")
    }
    if let c, Self.shortest(c) < end {
      throw RunError(
        .badInput,
        "the reference \(reference!.relativePath) has \(Self.shortest(c)) frames; the window needs \(end)")
    }
    let looked = try ClimateObservables.named(observables, of: a.system)
    let window = firstFrame..<end
    let own = try series(a, looked, window, "reading the truth", status)
    let others = try series(b, looked, window, "reading the other", status)
    let timeStep = a.isIntervalAssumed ? b.interval : a.interval
    let koopman = try modes.map { order in
      guard (1...8).contains(order) else { throw RunError(.usage, "--modes must be from 1 to 8, got \(order)") }
      return KoopmanComparison(truth: own, other: others, names: looked.map(\.name), order: order, timeStep: timeStep)
    }
    let comparison = try ClimateComparison(
      truth: own, other: others,
      reference: try c.map { try series($0, looked, window, "reading the reference", status) },
      timeStep: timeStep, timeUnit: a.isIntervalAssumed ? b.timeUnit : a.timeUnit, maximumLag: maximumLag,
      areRollouts: b.reader.attributes[StoreFields.predictedByKey] != nil)
    let domains = try domains(a, b, window, status)
    status.clear()
    guard json else {
      return ([comparison.text] + domains.map(\.text) + [koopman?.text].compactMap { $0 }).joined(separator: "\n\n")
    }
    let encoder = JSONEncoder.withInfinities
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
    return String(
      decoding: try encoder.encode(Output(comparison: comparison, domains: domains, koopman: koopman)), as: UTF8.self)
  }

  /// The comparison's own keys, `domains` of a lattice that orders, and `koopman` where it was asked for.
  private struct Output: Encodable {
    var comparison: ClimateComparison
    var domains: [DomainComparison]
    var koopman: KoopmanComparison?

    private enum Key: CodingKey { case domains, koopman }

    func encode(to encoder: any Encoder) throws {
      try comparison.encode(to: encoder)
      var container = encoder.container(keyedBy: Key.self)
      if !domains.isEmpty { try container.encode(domains, forKey: .domains) }
      guard let koopman else { return }
      try container.encode(koopman, forKey: .koopman)
    }
  }

  /// Frames at which domains are compared: an order parameter may cost as much as a step.
  private static let domainFrames = 24

  /// Correlations of the order parameters of both, at frames equally spaced in the logarithm of time.
  private func domains(
    _ truth: StoredTrajectories, _ other: StoredTrajectories, _ window: Range<Int>, _ status: TerminalStatus
  ) throws -> [DomainComparison] {
    let domain = truth.layout.domain
    let orders = truth.system.siteSeries.filter(\.isOrder)
    guard domain.sites != nil, !orders.isEmpty else { return [] }
    let frames = EqualTimeCorrelation.frames(Self.domainFrames, of: window.count).map { $0 + window.lowerBound }
    let start = ContinuousClock.now
    var times: [Double] = []
    func correlations(_ store: StoredTrajectories, _ what: String) throws -> [[[EqualTimeCorrelation]]] {
      try (0..<store.reader.trajectories).filter { store.reader.length($0) > 0 }.map { trajectory in
        try Interruption.check("Stopped.")
        status.progress(what, done: trajectory + 1, of: store.reader.trajectories, since: start)
        let states = try frames.flatMap { try store.frames(of: trajectory, $0..<$0 + 1) }
        if times.isEmpty { times = states.map(\.time) }
        return orders.map { order in
          states.map {
            var correlation = EqualTimeCorrelation(on: domain)
            correlation.add(order.values($0.state))
            return correlation
          }
        }
      }
    }
    let (a, b) = (try correlations(truth, "domains of the truth"), try correlations(other, "domains of the other"))
    return orders.indices.map { k in
      DomainComparison(
        of: orders[k].name, truth: a.map { $0[k] }, other: b.map { $0[k] }, times: times,
        timeUnit: truth.isIntervalAssumed ? other.timeUnit : truth.timeUnit)
    }
  }

  /// Frames that all trajectories have that are not empty.
  private static func shortest(_ store: StoredTrajectories) -> Int {
    (0..<store.reader.trajectories).map { store.reader.length($0) }.filter { $0 > 0 }.min() ?? 0
  }

  private func series(
    _ store: StoredTrajectories, _ observables: [Observable], _ frames: Range<Int>, _ what: String,
    _ status: TerminalStatus
  ) throws -> [String: [[Double]]] {
    let start = ContinuousClock.now
    var result = Dictionary(observables.map { ($0.name, [[Double]]()) }) { first, _ in first }
    let count = store.reader.trajectories
    for trajectory in 0..<count where store.reader.length(trajectory) > 0 {
      try Interruption.check("Stopped.")
      var own = observables.map { _ in [Double]() }
      for block in stride(from: frames.lowerBound, to: frames.upperBound, by: 64) {
        for frame in try store.frames(of: trajectory, block..<min(block + 64, frames.upperBound)) {
          for (k, observable) in observables.enumerated() { own[k].append(observable.value(frame.state)) }
        }
      }
      for (k, observable) in observables.enumerated() { result[observable.name]!.append(own[k]) }
      status.progress(what, done: trajectory + 1, of: count, since: start)
    }
    return result
  }
}
