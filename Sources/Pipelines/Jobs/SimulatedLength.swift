internal import Systems

/// How long a simulation is asked to be: in time steps, or in saved frames after the first.
///
/// Without `every` frames are as far apart as the system says; a preset whose length nobody says has that of the published
/// data.
struct SimulatedLength: Sendable, Equatable {
  var steps: Int?
  var frames: Int?
  var every: Int?

  private static let mostSteps = 1_000_000_000_000_000
  private static let mostEvery = 1_000_000_000

  /// What the system is made with.
  var settings: [String] { every.map { ["every=\($0)"] } ?? [] }

  /// What can be told before a system is made.
  /// - Throws: `RunError` of code `usage`.
  func check(preset: HolsteinPreset?) throws {
    if steps != nil, frames != nil {
      throw RunError(
        .usage, "--steps counts time steps and --frames saved frames after the first: give one or the other")
    }
    guard steps != nil || frames != nil || preset != nil else {
      throw RunError(.usage, "say how long: --steps counts time steps, --frames saved frames after the first")
    }
    if let every, !(1...Self.mostEvery).contains(every) {
      throw RunError(.usage, "--every must be from 1 to 1 000 000 000, got \(every)")
    }
    if let steps, !(0...Self.mostSteps).contains(steps) {
      throw RunError(.usage, "--steps must be from 0 to 1 000 000 000 000 000, got \(steps)")
    }
    if let frames, !(0...Self.mostSteps / Self.mostEvery).contains(frames) {
      throw RunError(.usage, "--frames must be from 0 to 1 000 000, got \(frames)")
    }
    if let steps, let every { try Self.checkMultiple(steps, every) }
  }

  /// - Throws: `RunError` of code `usage` where the last step would be no frame.
  func steps(of system: any DynamicalSystem, preset: HolsteinPreset?) throws -> (steps: Int, every: Int) {
    let every = every ?? system.saveEvery
    if let steps {
      try Self.checkMultiple(steps, every)
      return (steps, every)
    }
    return ((frames ?? preset?.publishedFrames ?? 0) * every, every)
  }

  private static func checkMultiple(_ steps: Int, _ every: Int) throws {
    guard steps % every == 0 else {
      throw RunError(
        .usage, "--steps (\(steps)) must be a multiple of --every (\(every)), so that the last frame is the last step")
    }
  }
}

extension HolsteinPreset {
  /// Frames after the first of a trajectory of the published data.
  var publishedFrames: Int {
    switch self {
    case .shallow, .paperShallow: 300
    case .deep, .paperDeep: 1000
    }
  }
}
