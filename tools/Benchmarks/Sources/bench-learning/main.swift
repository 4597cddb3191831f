import Foundation
import Learning
import Peak
import Systems
import Tensors
import Trajectories

// Times optimizer steps and rollouts beside PyTorch's, case by case in turn, with the machine's peak beside them.
// bench-learning [--python PATH] [--alone] [CASE...]

struct Case {
  let name: String
  let family: ModelFamily
  let channels: Int
  let blocks: Int
  let sites: Int
  let batch: Int
  /// Unrolled steps; 0 for one step of a rollout.
  let steps: Int
  /// Whether dropout and noise are drawn, as the recipe has it.
  var recipe = false

  static let all = [
    Case(name: "train-cnn-16x1-L32-N1", family: .cnn, channels: 16, blocks: 1, sites: 32, batch: 64, steps: 1),
    Case(name: "train-cnn-16x1-L32-N8", family: .cnn, channels: 16, blocks: 1, sites: 32, batch: 64, steps: 8),
    Case(name: "train-parc-16x2-L16-N1", family: .parc, channels: 16, blocks: 2, sites: 16, batch: 64, steps: 1),
    Case(name: "train-parc-16x2-L16-N8", family: .parc, channels: 16, blocks: 2, sites: 16, batch: 64, steps: 8),
    Case(name: "train-parc-32x2-L16-N1", family: .parc, channels: 32, blocks: 2, sites: 16, batch: 64, steps: 1),
    Case(name: "train-parc-32x2-L16-N8", family: .parc, channels: 32, blocks: 2, sites: 16, batch: 64, steps: 8),
    Case(name: "train-parc-128x4-L32-N1", family: .parc, channels: 128, blocks: 4, sites: 32, batch: 4, steps: 1),
    Case(name: "train-parc-128x4-L32-N4", family: .parc, channels: 128, blocks: 4, sites: 32, batch: 4, steps: 4),
    Case(
      name: "recipe-cnn-16x1-L32-N8", family: .cnn, channels: 16, blocks: 1, sites: 32, batch: 64, steps: 8,
      recipe: true),
    Case(name: "train-parc-128x4-L32-N8", family: .parc, channels: 128, blocks: 4, sites: 32, batch: 4, steps: 8),
    Case(name: "train-parc-512x8-L32-N1", family: .parc, channels: 512, blocks: 8, sites: 32, batch: 2, steps: 1),
    Case(name: "rollout-cnn-16x1-L32", family: .cnn, channels: 16, blocks: 1, sites: 32, batch: 1, steps: 0),
    Case(name: "rollout-parc-32x2-L16", family: .parc, channels: 32, blocks: 2, sites: 16, batch: 1, steps: 0),
    Case(name: "rollout-parc-128x4-L32", family: .parc, channels: 128, blocks: 4, sites: 32, batch: 1, steps: 0),
    Case(name: "rollout-parc-512x8-L32", family: .parc, channels: 512, blocks: 8, sites: 32, batch: 1, steps: 0),
  ]

  /// Multiplications and additions of the convolutions: forward once, backward twice, without the input's gradient
  /// in the first step.
  var operations: Double {
    let networks = family == .parc ? 2.0 : 1.0
    let site = Double(2 * (36 * channels + 18 * channels * channels * blocks + 4 * channels))
    let forward = networks * site * Double(sites * sites * batch)
    return steps == 0 ? forward : 3 * forward * Double(steps)
  }

  func milliseconds() throws -> Double {
    var random = CounterRandom(seed: 1, purpose: .evaluation)
    let layout = HolsteinSystem.layout(sites: sites)
    func numbers(_ count: Int) -> [Float] { (0..<count).map { _ in Float(random.uniform() - 0.5) } }
    let model = ModelConfiguration(family: family, channels: channels, blocks: blocks, dropout: recipe ? 0.2 : 0)
    if steps == 0 {
      let predictor = try NetworkModel(
        configuration: model, parameters: NetworkModel.initialParameters(model, seed: 1)
      ).networkPredictor(for: layout)
      let start = State(layout, numbers(layout.count))
      var state = start
      return best {
        // Each step starts anew, or an untrained network would run away.
        state.values.withUnsafeMutableBufferPointer { target in
          start.values.withUnsafeBufferPointer { _ = target.update(from: $0) }
        }
        predictor.advance(&state)
      }
    }
    let trainer = try Trainer(
      configuration: TrainerConfiguration(
        model: model,
        curriculum: Curriculum(stages: [CurriculumStage(batches: 1 << 40, steps: steps, noise: recipe ? 0.02 : 0)])))
    let samples = try (0..<batch).map { index in
      TrainingSample(
        try TrainingWindow(
          trajectory: index, start: 0, layout: layout, values: numbers((steps + 1) * layout.count),
          tendencies: numbers(steps * layout.count)))
    }
    let batch = try TrainingBatch(samples, steps: steps)
    return try best { try trainer.step(batch) }
  }

  private func best(_ body: () throws -> Void) rethrows -> Double {
    let clock = ContinuousClock()
    try body()
    var best = Double.infinity
    let begin = clock.now
    var count = 0
    while count < 3 || (clock.now - begin < .seconds(2) && count < 2000) {
      best = min(best, try clock.measure(body) / .milliseconds(1))
      count += 1
    }
    return best
  }
}

/// Largest memory of this process so far, in MiB. (getrusage would count the parent's from before the fork.)
func peakMemory() -> Double {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
  return line.flatMap { Double($0.split(separator: " ").dropLast().last ?? "") }.map { $0 / 1024 } ?? .nan
}

var arguments = Array(CommandLine.arguments.dropFirst())
if arguments.first == "--one" {
  // A process of its own for each case, so that its peak memory is its own.
  let one = Case.all.first { $0.name == arguments[1] }!
  print(try one.milliseconds(), peakMemory())
  exit(0)
}
var python = "/usr/bin/python3"
if let at = arguments.firstIndex(of: "--python"), at + 1 < arguments.count {
  python = arguments[at + 1]
  arguments.removeSubrange(at...(at + 1))
}
let alone = arguments.contains("--alone")
let chosen = arguments.filter { !$0.hasPrefix("--") }

func output(of executable: String, _ arguments: [String]) throws -> String {
  let process = Process()
  process.executableURL = URL(filePath: executable)
  process.arguments = arguments
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let data = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return String(decoding: data, as: UTF8.self)
}

let peak = Peak.sgemm(threads: 2)
print("sgemm \(Int(peak)) GFLOP/s on 2 threads, memcpy \(Int(Peak.memcpy())) GB/s")
let peer = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../peers/learning.py").standardized
  .path
for one in Case.all where chosen.isEmpty || chosen.contains(one.name) {
  let own = try output(of: CommandLine.arguments[0], ["--one", one.name]).split(separator: " ")
  let milliseconds = Double(own[0])!
  let memory = Double(own[1].trimmingCharacters(in: .whitespacesAndNewlines))!
  let rate = one.operations / milliseconds / 1e6
  var line = one.name.padding(toLength: 24, withPad: " ", startingAt: 0)
  line += String(
    format: "%9.3f ms  %4.0f GFLOP/s  %3.0f %% of sgemm  %5.0f MiB", milliseconds, rate, 100 * rate / peak, memory)
  if !alone {
    let theirs = try output(of: python, [peer, one.name])
    if let json = try? JSONSerialization.jsonObject(with: Data(theirs.utf8)) as? [String: Any],
      let time = json["milliseconds"] as? Double, let size = json["peak MiB"] as? Double
    {
      line += "   \(json["program"] ?? "")"
      line += String(
        format: " %9.3f ms  %5.0f MiB   ratio %.2f, memory %.2f", time, size, time / milliseconds, memory / size)
    }
  }
  print(line)
}
