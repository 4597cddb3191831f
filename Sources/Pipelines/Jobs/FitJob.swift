public import Foundation
internal import Learning
internal import Settings
internal import Trajectories
internal import Zarr

/// `holstream fit`: a model learnt from a store, whatever its arrays over (trajectory, time, …).
public struct FitJob: Sendable {
  private let origin: URL
  private let forces: URL?
  private let family: String
  private let settings: [String]
  private let seed: UInt64
  private let output: URL

  /// Every so many trajectories one is left out, where there are as many.
  private static let heldOutOneIn = 8

  /// - Parameters:
  ///   - settings: `key=value` for the family and its training.
  ///   - forces: A store of forces that a force field learns, as `holstream tendency` writes them; what the equations or
  ///     the states' own store say when nil.
  public init(origin: URL, labels forces: URL? = nil, family: String, settings: [String], seed: UInt64, output: URL) {
    self.origin = origin
    self.forces = forces
    self.family = family
    self.settings = settings
    self.seed = seed
    self.output = output
  }

  /// - Returns: What was learnt, for the user.
  /// - Throws: `RunError` for a family or a key that there is none of, `StoreError`, `LearningError`.
  public func run(status: TerminalStatus = TerminalStatus()) throws -> String {
    guard ModelCatalogue.names.contains(family) else {
      throw RunError(.usage, Spelling.complaint("family", family, among: ModelCatalogue.names))
    }
    let diagnostics = ConfigurationDiagnostics()
    let section = try ConfigurationSection(settings, diagnostics: diagnostics)
    let domain = DomainWord(section)
    let fitting = Fitting(ModelFamily(rawValue: family), section)
    section.refuseUnknownKeys()
    do { try diagnostics.throwIfAny() } catch { throw RunError(.usage, "\(error)") }
    let store = try domain.open(origin)
    let start = ContinuousClock.now
    defer { status.clear() }
    let (windows, heldOut) = try windows(of: store, fitting, status, start)
    let began = ContinuousClock.now
    let outcome = try fitting.run(windows, heldOut: heldOut, system: store.system, interval: store.interval, seed: seed)
    { done, total in
      try Interruption.check("Stopped after \(done) of \(total) batches; nothing was written.")
      status.progress("learning", done: done, of: total, since: began)
    }
    let patience = DiskPatience(halt: Interruption.signal) { status.print($0) }
    guard try patience.blocking(nil, { try outcome.file.write(to: output) }) != nil else {
      throw RunError(.unwritable, "Stopped while the disk was full: \(output.relativePath) was not written.")
    }
    return "Wrote \(outcome.model.summary) to \(output.relativePath), learnt from \(windows.count) windows of "
      + "\(windows[0].steps) intervals of \(origin.relativePath) in \(TerminalStatus.brief(.now - start)). \(outcome.words)"
  }

  /// All windows of the store, of held-out trajectories apart.
  private func windows(
    of store: StoredTrajectories, _ fitting: Fitting, _ status: TerminalStatus, _ start: ContinuousClock.Instant
  ) throws -> (windows: [TrainingWindow], heldOut: [TrainingWindow]) {
    var windows: [TrainingWindow] = []
    var heldOut: [TrainingWindow] = []
    let count = store.reader.trajectories
    let (source, labels) = try labelled(store, fitting)
    // A short trajectory is one window of its own length.
    let length = min(fitting.windowLength, store.longest - 1)
    guard length >= 1 else {
      throw RunError(.badInput, "\(origin.relativePath) has no trajectory of two frames, from which to learn a step")
    }
    guard length >= fitting.leastLength else {
      throw RunError(
        .badInput,
        "\(family) with these settings needs windows of \(fitting.leastLength + 1) frames; \(origin.relativePath) has trajectories of \(store.longest) and windows are of \(length + 1)"
      )
    }
    // Where every frame counts, what is left over at the end of a trajectory is a window of its own.
    let least = fitting.takesEachWindowOnce ? fitting.leastLength : length
    for trajectory in 0..<count where store.reader.length(trajectory) > least {
      try Interruption.check("Stopped; nothing was written.")
      let isHeldOut = count >= Self.heldOutOneIn && trajectory % Self.heldOutOneIn == Self.heldOutOneIn - 1
      let frames = store.reader.length(trajectory)
      for first in stride(from: 0, to: frames - least, by: max(1, min(fitting.stride, length))) {
        let steps = min(length, frames - 1 - first)
        let window = try source.window(of: trajectory, at: first, steps: steps, labels: labels)
        if isHeldOut { heldOut.append(window) } else { windows.append(window) }
      }
      status.progress("reading", done: trajectory + 1, of: count, since: start)
    }
    guard !windows.isEmpty else {
      throw RunError(
        .badInput,
        "\(origin.relativePath) has no trajectory with \(length + 1) frames; give a smaller window with --set window=N")
    }
    return (windows, heldOut)
  }

  /// Where windows come from, and how their derivatives are found.
  private func labelled(_ store: StoredTrajectories, _ fitting: Fitting) throws -> (
    any TrajectorySource, TrainingLabels?
  ) {
    guard let forces else { return (store, try fitting.labels(of: store.system)) }
    guard let ensemble = fitting.labelEnsemble else {
      throw RunError(.usage, "--labels gives forces, and \(family) learns none; leave it out")
    }
    let source = try LabelledTrajectories(store, forces: forces, ensemble: ensemble)
    return (source, try TrainingLabels(LabelRule(isAtFrames: true), of: store.system))
  }
}
