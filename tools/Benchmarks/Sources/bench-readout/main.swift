import Foundation
import Learning
import Peak
import Systems
import Trajectories

// Times fits and rollouts of nonlinear vector autoregression beside NumPy's, case by case in turn.
// bench-readout [--python PATH] [--alone] [CASE...]

struct Case {
  let name: String
  /// Sites of Lorenz-96, one readout for all; 0 for Lorenz-63.
  let sites: Int
  let order: Int
  let frames: Int
  let radius: Int

  static let all = [
    Case(name: "lorenz-63-order-2", sites: 0, order: 2, frames: 50_000, radius: 0),
    Case(name: "lorenz-63-order-4", sites: 0, order: 4, frames: 20_000, radius: 0),
    Case(name: "lorenz-96-40-order-2", sites: 40, order: 2, frames: 2000, radius: 2),
  ]

  func windows() throws -> [TrainingWindow] {
    let layout =
      sites > 0
      ? StateLayout([Field("x", shape: [sites])], domain: .ring(sites)) : StateLayout([Field("x", shape: [3])])
    let states: [Float]
    if sites > 0 {
      states = try trajectory(Lorenz96(sites: sites, dt: 0.01, saveEvery: 1, transient: 1000))
    } else {
      states = try trajectory(Lorenz63(dt: 0.01, saveEvery: 1, transient: 1000))
    }
    let size = layout.count
    let (length, memory) = (1024, 1)
    return try stride(from: 0, to: frames - 1 - memory, by: length - memory).map {
      let end = min($0 + length + 1, frames)
      return try TrainingWindow(
        trajectory: 0, start: $0, layout: layout, values: Array(states[($0 * size)..<(end * size)]), tendencies: nil)
    }
  }

  private func trajectory(_ system: some DynamicalSystem) throws -> [Float] {
    var ensemble = try system.ensemble(0..<1, seed: 1, workers: 1)
    var values: [Float] = []
    for _ in 0..<frames {
      for frame in try ensemble.advance() { values += frame.state.single.values }
    }
    return values
  }

  func measure() throws -> (fit: Double, step: Double) {
    let windows = try windows()
    let settings = VectorAutoregressionSettings(order: order, radius: radius)
    var scales = FieldScalesFold()
    for window in windows { scales.add(window) }
    let configuration = TrainerConfiguration(
      model: ModelConfiguration(
        family: .nvar, settings: settings.attributes, scales: scales.result, layout: windows[0].layout),
      curriculum: Curriculum(stages: [CurriculumStage(batches: 1, steps: 1, noise: 0)]))
    var model: (any TrainableModel)?
    let clock = ContinuousClock()
    let fit = try (0..<3).map { _ in
      try clock.measure {
        let trainer = try Trainer(configuration: configuration)
        for window in windows { try trainer.step(TrainingBatch([TrainingSample(window)], steps: window.steps)) }
        model = try trainer.model()
      } / .seconds(1)
    }.min()!
    let predictor = try model!.predictor(for: windows[0].layout)
    let steps = 20_000
    let start = windows[0].state(100)
    let step = (0..<5).map { _ in
      predictor.forget()
      predictor.observe(windows[0].state(99))
      var state = start
      return clock.measure { for _ in 0..<steps { predictor.advance(&state) } } / .seconds(1) / Double(steps)
    }.min()!
    return (fit, step)
  }
}

var arguments = Array(CommandLine.arguments.dropFirst())
var python = "/usr/bin/python3"
if let at = arguments.firstIndex(of: "--python"), at + 1 < arguments.count {
  python = arguments[at + 1]
  arguments.removeSubrange(at...(at + 1))
}
let alone = arguments.contains("--alone")
let chosen = arguments.filter { !$0.hasPrefix("--") }
let peer = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../peers/readout.py").standardized
  .path

print(String(format: "dgemm %.0f GFLOP/s on 1 thread, 2 threads %.0f", Peak.dgemm(threads: 1), Peak.dgemm(threads: 2)))
_ = Peak.dgemm(threads: 1)
for one in Case.all where chosen.isEmpty || chosen.contains(one.name) {
  let own = try one.measure()
  var line = one.name.padding(toLength: 24, withPad: " ", startingAt: 0)
  line += String(
    format: "fit %8.2f ms (%.0f frames/s)  rollout %8.3f µs a step", 1e3 * own.fit, Double(one.frames) / own.fit,
    1e6 * own.step)
  if !alone {
    let process = Process()
    process.executableURL = URL(filePath: python)
    process.arguments = [peer, "\(one.sites)", "\(one.order)", "\(one.frames)", "\(one.radius)"]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    if let json = try? JSONSerialization.jsonObject(with: data) as? [String: Double], let fit = json["fit"],
      let step = json["step"]
    {
      line += String(
        format: "   NumPy %9.2f ms %9.2f µs   ratios %.1f and %.0f", 1e3 * fit, 1e6 * step, fit / own.fit,
        step / own.step)
    }
  }
  print(line)
}
