import Foundation
import Systems
import Trajectories
import Zarr

/// Ratio and speed of the presets on chaotic frames, and what an error costs in time of prediction.
///
/// Speeds are per second of processor time, files and all, so that they do not depend on what else the machine does.
enum PresetTable {
  static let count = 2048

  static func run() throws {
    let frames = try DeepQuench.frames(count)
    say(
      "\(count) frames (ρ, Q, P) of the deep quench, L = \(DeepQuench.sites), frames 0.64 ħ/t apart; MB per second of processor time"
    )
    say(
      "| numbers | preset | ratio | writing MB/s | reading MB/s | relative error | same as perturbing the start by | predictable for |"
    )
    say("|---|---|---|---|---|---|---|---|")
    for isSingle in [false, true] {
      for (preset, error) in [
        (CompressionPreset.lossless, 0.0), (.compact, 0), (.archive, 1e-7), (.archive, 1e-5), (.archive, 1e-3),
      ] where !(isSingle && error == 1e-7) {
        try withScratchFolder { try row(frames, isSingle, preset, error, $0) }
      }
    }
    try divergence(frames[count / 2], frames[count / 2], name: "the integrator's own round-off, 1e-16")
  }

  static func row(
    _ frames: [LatticeState], _ isSingle: Bool, _ preset: CompressionPreset, _ error: Double, _ folder: URL
  )
    throws
  {
    let L = DeepQuench.sites
    let real: ZarrDataType = isSingle ? .float32 : .float64
    let fields = [
      TrajectoryField(
        name: "rho", shape: [L, L], dataType: isSingle ? .complex64 : .complex128, dimensionNames: ["site", "site_2"]),
      TrajectoryField(name: "Q", shape: [L], dataType: real, dimensionNames: ["site"]),
      TrajectoryField(name: "P", shape: [L], dataType: real, dimensionNames: ["site"]),
    ]
    let data = frames.map { [$0.rho, $0.q, $0.p].map { $0.bytes(isSingle: isSingle) } }
    let raw = data.reduce(0) { $0 + $1.reduce(0) { $0 + $1.count } }
    var bytes = 0
    var repeats = 0
    var store = folder
    let writing = Timing {
      repeats += 1
      store = folder.appending(path: "\(repeats).zarr")
      let writer = try! TrajectoryStoreWriter(
        creating: store,
        layout: TrajectoryStoreLayout(fields: fields, preset: preset, relativeError: error > 0 ? error : 1e-5))
      for (index, frame) in data.enumerated() {
        try! writer.append(trajectory: 0, time: Double(index)) { $1.copyBytes(from: frame[$0]) }
      }
      try! writer.close()
      bytes = writer.bytesWritten
    }
    let reader = try TrajectoryStoreReader(store, cacheLimit: 0)
    let reading = Timing {
      for field in fields {
        for start in stride(from: 0, to: frames.count, by: 64) {
          _ = try! reader.readBytes(field.name, trajectory: 0, frames: start..<start + 64)
        }
      }
    }
    // What a run that starts from the stored frame would differ by from one that starts from the true frame.
    let middle = frames.count / 2
    let stored = LatticeState(
      rho: try reader.read("rho", trajectory: 0, frames: middle..<middle + 1),
      q: try reader.read("Q", trajectory: 0, frames: middle..<middle + 1),
      p: try reader.read("P", trajectory: 0, frames: middle..<middle + 1))
    let (start, time) = try predictable(frames[middle], stored)
    say(
      String(
        format: "| %@ | %@ | %.2f | %.0f | %.0f | %@ | %@ | %@ |", isSingle ? "single" : "double", preset.rawValue,
        Double(raw) / Double(bytes), Double(raw) / writing.processor / 1e6,
        Double(raw) / reading.processor / 1e6,
        error > 0 ? String(format: "%.0e", error) : "0", start > 0 ? String(format: "%.1e", start) : "0",
        start > 0 ? String(format: "%.1f ħ/t", time) : "for ever"))
  }

  /// - Returns: The root mean square difference of Q and P at the start relative to that of the state itself, and the time
  ///   until it is a tenth.
  static func predictable(_ true: LatticeState, _ stored: LatticeState) throws -> (Double, Double) {
    func distance(_ one: LatticeState, _ other: LatticeState) -> Double {
      let size = (one.q + one.p).reduce(0) { $0 + $1 * $1 }
      let difference = zip(one.q + one.p, other.q + other.p).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      return (difference / size).squareRoot()
    }
    let start = distance(`true`, stored)
    guard start > 0 else { return (0, 0) }
    let configuration = DeepQuench.configuration()
    var ensemble = try HolsteinEnsemble(
      states: [`true`, stored], parameters: configuration.parameters, dt: configuration.dt,
      saveEvery: DeepQuench.every, firstTime: 0, workers: 1)
    for _ in 0..<4000 {
      let round = ensemble.advance()
      if distance(LatticeState(round[0].state), LatticeState(round[1].state)) > 0.1 { return (start, round[0].time) }
    }
    return (start, .infinity)
  }

  /// The yardstick: a perturbation of the size of one rounding error in double precision.
  static func divergence(_ state: LatticeState, _ other: LatticeState, name: String) throws {
    var other = other
    for index in other.q.indices { other.q[index] *= 1 + (index % 2 == 0 ? 1e-16 : 3e-16) }
    let (start, time) = try predictable(state, other)
    say(String(format: "%@: a start that differs by %.0e is predictable for %.1f ħ/t", name, start, time))
  }
}
