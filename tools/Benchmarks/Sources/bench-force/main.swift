import Foundation
import Learning
import Peak
import Settings
import Tensors
import Trajectories

// CPU milliseconds of a learned force field on one core beside PyTorch's of the same network, in one run and in turn; the
// least of several, for the machine is shared. bench-force [--python PATH] [CASE...]

/// A network on a lattice of L × L sites.
struct Case {
  let name: String
  let family: ModelFamily
  let keys: [String]
  let widths: String
  let activation: String
  let sites: Int
  let trains: Bool

  init(_ name: String, _ family: ModelFamily, _ widths: String, _ activation: String, _ sites: Int, trains: Bool) {
    self.name = name
    self.family = family
    self.widths = widths
    self.activation = activation
    self.sites = sites
    self.trains = trains
    keys = ["widths=\(widths)", "activation=\(activation)", "elastic=learned", "odd=false"]
  }

  static let paper = "128-512-1024-2048-1024-512-128"
  static let all = [
    Case("rollout-gnn-small", .directForce, "32-32-32-32", "relu", 48, trains: false),
    Case("rollout-gnn-small-tanh", .directForce, "32-32-32-32", "tanh", 48, trains: false),
    Case("train-gnn-small", .directForce, "32-32-32-32", "relu", 48, trains: true),
    Case("rollout-gnn-energy", .energyForce, "16-32-16", "silu", 48, trains: false),
    Case("train-gnn-energy", .energyForce, "16-32-16", "silu", 48, trains: true),
    Case("rollout-gnn-paper", .directForce, paper, "relu", 48, trains: false),
  ]

  func milliseconds() throws -> Double {
    let layout = StateLayout(
      [Field("Q", shape: [sites, sites]), Field("P", shape: [sites, sites])], domain: .square(sites, sites))
    let section = try ConfigurationSection(keys, diagnostics: ConfigurationDiagnostics())
    let published = ["g": 3.5, "k": 1, "kappa": 0.18, "m": 5].mapValues(Attribute.number)
    let configuration = try ModelConfiguration(family, section).with(layout: layout, interval: 1).completed(
      by: published)
    let model = try ForceFieldModel(
      configuration: configuration, parameters: ForceFieldModel.initialParameters(configuration, seed: 1))
    var random = CounterRandom(seed: 1, purpose: .evaluation)
    let numbers = (0..<layout.count).map { _ in 5 * random.normal() }
    if !trains {
      let field = try model.forceField(rows: sites, columns: sites, ensemble: .grandCanonical)
      return seconds { _ = field.evaluate(numbers) } * 1e3
    }
    var trainer = TrainerConfiguration(
      model: configuration, curriculum: Curriculum(stages: [CurriculumStage(batches: 1 << 40, steps: 1, noise: 0)]))
    trainer.workers = 1
    let values = numbers.map { Float($0) }
    let batch = try TrainingBatch(
      [
        TrainingSample(
          TrainingWindow(trajectory: 0, start: 0, layout: layout, values: values + values, tendencies: values))
      ], steps: 1)
    let training = try Trainer(configuration: trainer)
    return seconds { _ = try? training.step(batch) } * 1e3
  }
}

/// CPU seconds of one call: the least of those that fit into two seconds.
func seconds(_ body: () -> Void) -> Double {
  func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
  body()
  var (best, total) = (Double.infinity, 0.0)
  while total < 2 {
    let start = now()
    body()
    let found = now() - start
    best = min(best, found)
    total += found
  }
  return best
}

func peer(_ python: String, _ one: Case) throws -> Double {
  let process = Process()
  process.executableURL = URL(filePath: python)
  process.arguments = [
    "tools/Benchmarks/peers/force.py", one.family.rawValue, one.widths, one.activation, "\(one.sites)",
    one.trains ? "train" : "rollout",
  ]
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  process.waitUntilExit()
  return output.split(whereSeparator: \.isWhitespace).last.flatMap { Double($0) } ?? .nan
}

var arguments = Array(CommandLine.arguments.dropFirst())
var python = ".venv/bin/python"
if let at = arguments.firstIndex(of: "--python"), at + 1 < arguments.count {
  python = arguments[at + 1]
  arguments.removeSubrange(at...(at + 1))
}
let chosen = arguments.isEmpty ? Case.all : Case.all.filter { arguments.contains($0.name) }
print(
  String(
    format: "1024 × 1024 × 1024 on one core: OpenBLAS's sgemm %.1f GFLOP/s, our product %.1f (%@)",
    Peak.sgemm(threads: 1),
    Peak.ownProduct(), Arithmetic.current.id))
BLAS.setThreads(1)
for one in chosen {
  let name = one.name.padding(toLength: 26, withPad: " ", startingAt: 0)
  let own = try one.milliseconds()
  let other = try peer(python, one)
  print(String(format: "%@ %9.3f ms   PyTorch %9.3f ms   ratio %5.2f", name, own, other, other / own))
}
