public import Foundation
internal import Settings
internal import Systems
internal import Tensors
internal import Trajectories
internal import Zarr

/// `holstream tendency`: what a system's equations say of stored states, into a store.
public struct TendencyJob: Sendable {
  private let origin: URL
  private let system: String?
  private let settings: [String]
  private let checkpoint: URL?
  private let output: URL

  /// Frames that are computed at once.
  private static let batch = 64

  /// - Parameters:
  ///   - origin: A store of the system's states; of arrays in whatever order, others are left alone.
  ///   - system: Word of the system; what the store says when nil.
  ///   - settings: `key=value` for the system's keys.
  ///   - checkpoint: A force field that is asked in place of the system's equations; nil for these.
  public init(origin: URL, system: String? = nil, settings: [String] = [], checkpoint: URL? = nil, output: URL) {
    self.origin = origin
    self.system = system
    self.settings = settings
    self.checkpoint = checkpoint
    self.output = output
  }

  /// - Returns: What was done, for the user.
  /// - Throws: `RunError` for options that do not fit, `StoreError` for stores that cannot be read or written.
  public func run(status: TerminalStatus = TerminalStatus()) throws -> String {
    let store = try StoredTrajectories(origin)
    let system = try StoredSystem.dynamics(of: store, word: system, settings: settings)
    let labels = system.labels
    let learned = try checkpoint.map { try LearnedForces(contentsOf: $0, for: system, workers: SimulateJob.cores) }
    let fields = StoreFields.fields(of: labels, isSingle: false, withMids: false)
    let writer = try TrajectoryStoreWriter(
      creating: output,
      layout: TrajectoryStoreLayout(fields: fields, attributes: try attributes(system, learned, store)))
    let plan = try StoreFields.Plan(fields, of: labels, in: output.relativePath)
    let total = (0..<store.reader.trajectories).reduce(0) { $0 + store.reader.length($1) }
    let start = ContinuousClock.now
    var done = 0
    defer { status.clear() }
    for trajectory in 0..<store.reader.trajectories {
      let length = store.reader.length(trajectory)
      for first in stride(from: 0, to: length, by: Self.batch) {
        let frames = try store.frames(of: trajectory, first..<min(first + Self.batch, length)).map { frame in
          Frame(
            trajectory: trajectory, index: frame.index, time: frame.time,
            state: try StoredSystem.arranged(frame.state, as: system.layout, needing: system.labelInputs, of: store))
        }
        let found = learned?.labels(of: frames, labels) ?? Self.labels(of: frames, by: system)
        for (frame, state) in zip(frames, found) {
          guard let state, state.isFinite else {
            try writer.close()
            throw RunError(
              .badInput,
              "frame \(frame.index) of trajectory \(trajectory) in \(origin.relativePath) has no \(labels.fields[0].name): a number is not finite, or too large\(learned == nil ? "" : ", or no chemical potential gives the force field's charge"); the frames before it are in \(output.relativePath)"
            )
          }
          try writer.append(Frame(trajectory: trajectory, index: frame.index, time: frame.time, state: state), plan)
        }
        done += frames.count
        if Interruption.isRequested {
          try writer.close()
          throw RunError(
            .interrupted, "Stopped after \(done) of \(total) frames; they are in \(output.relativePath).")
        }
        status.progress("computing", done: done, of: total, since: start)
      }
    }
    try writer.close()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return "Wrote \(labels.fields.map(\.name).joined(separator: ", ")) of \(total) frames to \(output.relativePath)"
      + (total > 0 ? String(format: " (%.3g ms a frame).", seconds * 1e3 / Double(total)) : ".")
  }

  /// Of each frame, computed abreast.
  private static func labels(of frames: [Frame], by system: any DynamicalSystem) -> [State<Double>?] {
    var found = [State<Double>?](repeating: nil, count: frames.count)
    found.withUnsafeMutableBufferPointer { found in
      let shared = Shared(target: found.baseAddress!)
      Workers(count: max(1, min(SimulateJob.cores, frames.count))).split(frames.count) { _, range in
        for k in range { shared.target[k] = system.labels(of: frames[k].state, at: frames[k].time) }
      }
    }
    return found
  }

  /// Workers write to places of their own.
  private struct Shared: @unchecked Sendable {
    let target: UnsafeMutablePointer<State<Double>?>
  }

  /// The system's parameters stand apart: the arrays are not its states.
  private func attributes(
    _ system: any DynamicalSystem, _ learned: LearnedForces?, _ store: StoredTrajectories
  ) throws -> [String: JSONValue] {
    var attributes: [String: JSONValue] = [
      "frame_interval": .number(store.interval), "written_by": .string("holstream"),
      StoreFields.arithmeticKey: .string(Arithmetic.current.id),
      "computed_by": JSONValue(.object(system.attributes)),
      StoreFields.layoutKey: JSONValue(try Attribute(encoding: system.labels)),
    ]
    if let learned, let checkpoint {
      attributes[StoreFields.forceFieldKey] = .string("\(checkpoint.lastPathComponent): \(learned.summary)")
    }
    if store.isIntervalAssumed { attributes[StoreFields.assumedIntervalKey] = .bool(true) }
    return attributes
  }
}
