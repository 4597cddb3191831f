public import Foundation
internal import Systems
internal import Zarr

/// `holstream simulate`: the Holstein model into a store.
public struct SimulateJob: Sendable {
  private let origin: URL?
  private let frame: Int?
  private let preset: String?
  private let sites: Int?
  private let trajectories: Int?
  private let seed: UInt64?
  private let steps: Int
  private let every: Int
  private let output: URL
  private let g: Double?
  private let k0: Double?
  private let eta: Double?
  private let dt: Double?
  private let integrator: String?

  public init(
    origin: URL?, frame: Int?, preset: String?, sites: Int?, trajectories: Int?, seed: UInt64?, steps: Int, every: Int,
    output: URL,
    g: Double?, k0: Double?, eta: Double?, dt: Double?, integrator: String? = nil
  ) {
    self.origin = origin
    self.frame = frame
    self.preset = preset
    self.sites = sites
    self.trajectories = trajectories
    self.seed = seed
    self.steps = steps
    self.every = every
    self.output = output
    self.g = g
    self.k0 = k0
    self.eta = eta
    self.dt = dt
    self.integrator = integrator
  }

  /// - Returns: What was done, for the user.
  /// - Throws: `RunError` for options that do not fit, `StoreError` for stores that cannot be read or written.
  public func run(status: TerminalStatus = TerminalStatus()) throws -> String {
    guard steps >= 0, every >= 1, steps % every == 0 else {
      throw RunError(
        .usage, "--steps (\(steps)) must be a multiple of --every (\(every)), so that the last frame is the last step")
    }
    var (ensemble, parameters, interval) = try start()
    let layout = { (sites: Int) in
      TrajectoryStoreLayout(
        fields: FrameFields.fields(sites: sites, isSingle: false, withMids: false),
        attributes: FrameFields.attributes(parameters, interval: interval))
    }
    let start = ContinuousClock.now
    var writer: TrajectoryStoreWriter?
    let frames = steps / every + 1
    defer { status.clear() }
    for done in 0..<frames {
      let round = ensemble.advance()
      if writer == nil { writer = try TrajectoryStoreWriter(creating: output, layout: layout(round[0].state.sites)) }
      for frame in round {
        guard frame.state.q.allSatisfy(\.isFinite), frame.state.rho.allSatisfy(\.isFinite) else {
          throw RunError(
            .badInput,
            "trajectory \(frame.trajectory) is no longer finite at time \(frame.time); take a smaller --dt than \(dt ?? 0.01)"
          )
        }
        try writer!.append(
          trajectory: frame.trajectory, time: frame.time, FrameFields.values(frame, writer!.layout.fields))
      }
      if Interruption.isRequested {
        try writer!.close()
        throw RunError(
          .interrupted, "Stopped after \(done + 1) of \(frames) frames; they are in \(output.relativePath).")
      }
      status.progress("simulating", done: done + 1, of: frames, since: start)
    }
    try writer?.close()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let count = ensemble.trajectories.count
    return "Wrote \(count) trajectories of \(frames) frames to \(output.relativePath)"
      + (steps > 0
        ? String(format: " (%.2f µs per step and trajectory, storing included).", seconds * 1e6 / Double(steps * count))
        : ".")
  }

  private func start() throws -> (HolsteinEnsemble, HolsteinParameters, Double) {
    guard let integrator = Integrator(rawValue: integrator ?? Integrator.rungeKutta4.rawValue) else {
      throw RunError(
        .usage,
        "there is no integrator `\(integrator ?? "")`; there are \(Integrator.allCases.map(\.rawValue).joined(separator: ", "))"
      )
    }
    if let origin {
      guard preset == nil, sites == nil, trajectories == nil, seed == nil else {
        throw RunError(
          .usage,
          "--from takes states from a store; --preset, --sites, --trajectories and --seed make new ones: give one or the other"
        )
      }
      let store = try StoredTrajectories(origin)
      guard g != nil || store.reader.attributes["g"]?.number != nil else {
        throw RunError(
          .usage,
          "\(origin.relativePath) does not say its coupling (attribute g); give it with --g, and --k0 and --eta if they differ from 0.3 and 0.8"
        )
      }
      let states = try store.states(frame: frame)
      guard !states.isEmpty else { throw StoreError(.outOfRange, origin.path, "holds no trajectories") }
      var parameters = store.parameters
      parameters.coupling = g ?? parameters.coupling
      parameters.k0 = k0 ?? parameters.k0
      parameters.eta = eta ?? parameters.eta
      let dt = dt ?? 0.01
      try check(parameters, dt, integrator, sites: store.sites)
      let firstFrame = frame ?? store.framesPerTrajectory - 1
      let time = try store.reader.times(0, frames: firstFrame..<(firstFrame + 1))?[0] ?? 0
      return (
        try HolsteinEnsemble(
          states: states, parameters: parameters, dt: dt, saveEvery: every, firstTime: time,
          integrator: integrator, workers: Self.cores),
        parameters, dt * Double(every)
      )
    }
    guard frame == nil else { throw RunError(.usage, "--frame goes with --from") }
    guard let preset = HolsteinPreset(rawValue: preset ?? "shallow") else {
      throw RunError(
        .usage,
        "there is no preset `\(preset ?? "")`; presets are \(HolsteinPreset.allCases.map(\.rawValue).joined(separator: ", "))"
      )
    }
    var configuration = EnsembleConfiguration(preset: preset, sites: sites ?? 16, seed: seed ?? 1)
    configuration.saveEvery = every
    configuration.parameters.coupling = g ?? configuration.parameters.coupling
    configuration.parameters.k0 = k0 ?? configuration.parameters.k0
    configuration.parameters.eta = eta ?? configuration.parameters.eta
    configuration.dt = dt ?? configuration.dt
    configuration.integrator = integrator
    let trajectories = trajectories ?? 1
    guard (1...1_000_000).contains(trajectories) else {
      throw RunError(.usage, "--trajectories must be from 1 to 1 000 000, got \(trajectories)")
    }
    do {
      return (
        try HolsteinEnsemble(configuration, trajectories: 0..<trajectories, workers: Self.cores),
        configuration.parameters, configuration.frameInterval
      )
    } catch {
      throw RunError(.usage, error.message)
    }
  }

  private func check(_ parameters: HolsteinParameters, _ dt: Double, _ integrator: Integrator, sites: Int) throws {
    do { try parameters.validate(sites: sites) } catch { throw RunError(.usage, error.message) }
    guard dt.isFinite, dt > 0, dt <= integrator.longestStep else {
      throw RunError(
        .usage, "--dt must be above 0 and at most \(integrator.longestStep) with \(integrator.rawValue), got \(dt)")
    }
  }

  static let cores = ProcessInfo.processInfo.activeProcessorCount
}
