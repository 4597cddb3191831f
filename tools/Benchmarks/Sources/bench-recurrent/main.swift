import Foundation
import Learning
import Peak
import Systems
import Trajectories

// Times training steps and rollouts of piecewise linear recurrent networks beside the same networks in PyTorch on two
// threads, at the published settings: sequences of 200 frames of Lorenz-63, batches of 16. The least of several, for the
// machine may be shared. bench-recurrent [--python PATH] [--alone]

struct Case {
  let family: ModelFamily
  let hidden: Int
  let latent: Int
  let rectified: Int

  static let all = [
    Case(family: .shallowPLRNN, hidden: 50, latent: 3, rectified: 0),
    Case(family: .shallowPLRNN, hidden: 200, latent: 3, rectified: 0),
    Case(family: .almostLinearRNN, hidden: 0, latent: 20, rectified: 2),
  ]

  var name: String { family == .shallowPLRNN ? "shplrnn 3-\(hidden)" : "al-rnn \(latent), \(rectified) rectified" }
  static let (steps, batch, forcing) = (200, 16, 0.1)

  /// Seconds of a training step and of a step of a rollout.
  func measure() throws -> (train: Double, rollout: Double) {
    let layout = StateLayout([Field("x", shape: [3])])
    var ensemble = try Lorenz63(dt: 0.01, saveEvery: 1, transient: 1000).ensemble(0..<1, seed: 1, workers: 1)
    var values: [Float] = []
    for _ in 0..<(Self.batch * (Self.steps + 1)) {
      for frame in try ensemble.advance() { values += frame.state.single.values }
    }
    let size = 3 * (Self.steps + 1)
    let windows = try (0..<Self.batch).map {
      try TrainingWindow(
        trajectory: $0, start: 0, layout: layout, values: Array(values[($0 * size)..<(($0 + 1) * size)]),
        tendencies: nil)
    }
    var settings = PiecewiseLinearSettings(family)
    (settings.isAdaptive, settings.latent, settings.rectified) = (false, max(latent, 3), rectified)
    if hidden > 0 { settings.hidden = hidden }
    var scales = FieldScalesFold()
    for window in windows { scales.add(window) }
    var configuration = TrainerConfiguration(
      model: ModelConfiguration(family: family, settings: settings.attributes, scales: scales.result, layout: layout),
      curriculum: Curriculum(stages: [CurriculumStage(batches: 1 << 20, steps: Self.steps, noise: 0)]))
    (configuration.batchSize, configuration.workers) = (Self.batch, 2)
    if family == .shallowPLRNN { configuration.teacherForcing = Float(Self.forcing) }
    let trainer = try Trainer(configuration: configuration)
    let batch = try TrainingBatch(windows.map { TrainingSample($0) }, steps: Self.steps)
    let clock = ContinuousClock()
    let train = try (0..<30).map { _ in try clock.measure { try trainer.step(batch) } / .seconds(1) }.min()!
    let predictor = try trainer.model().predictor(for: layout)
    let count = 20_000
    let rollout = (0..<5).map { _ in
      predictor.forget()
      var state = windows[0].state(0)
      return clock.measure { for _ in 0..<count { predictor.advance(&state) } } / .seconds(1) / Double(count)
    }.min()!
    return (train, rollout)
  }

  /// The same of the peer; nil where there is no PyTorch.
  func peer(_ python: String) throws -> (train: Double, rollout: Double)? {
    let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../peers/recurrent.py")
    let process = Process()
    process.executableURL = URL(filePath: python)
    process.arguments = [
      script.standardized.path, family.rawValue, "\(hidden)", "\(latent)", "\(rectified)", "\(Self.steps)",
      "\(Self.batch)",
      "\(Self.forcing)",
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard let found = try? JSONDecoder().decode([String: Double].self, from: data), let train = found["train"],
      let rollout = found["rollout"]
    else { return nil }
    return (train, rollout)
  }
}

var arguments = Array(CommandLine.arguments.dropFirst())
var python = ".venv/bin/python"
if let at = arguments.firstIndex(of: "--python"), at + 1 < arguments.count {
  python = arguments[at + 1]
  arguments.removeSubrange(at...(at + 1))
}
print(String(format: "dgemm %.0f GFLOP/s on 1 thread, 2 threads %.0f", Peak.dgemm(threads: 1), Peak.dgemm(threads: 2)))
for one in Case.all {
  let own = try one.measure()
  var line = one.name.padding(toLength: 24, withPad: " ", startingAt: 0)
  line += String(format: "training step %7.2f ms   rollout %6.2f µs a step", 1e3 * own.train, 1e6 * own.rollout)
  if !arguments.contains("--alone"), let other = try one.peer(python) {
    line += String(
      format: "   PyTorch %7.1f ms %7.1f µs   ratios %.1f and %.0f", 1e3 * other.train, 1e6 * other.rollout,
      other.train / own.train, other.rollout / own.rollout)
  }
  print(line)
}
