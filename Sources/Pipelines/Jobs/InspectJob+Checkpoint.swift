internal import Foundation
internal import Learning
internal import Trajectories

extension InspectJob {
  /// What a checkpoint of any family holds.
  func checkpoint(_ url: URL) throws -> String {
    let model = try ModelCatalogue.model(contentsOf: url)
    var lines = ["\(url.relativePath): \(model.summary)"]
    lines.append(
      "  states: \(model.layout?.summary ?? "not said; a density matrix with its displacements and momenta")")
    guard let trained = model as? any TrainableModel else { return lines.joined(separator: "\n") }
    let checkpoint = try Checkpoint(contentsOf: url)
    let scales = trained.configuration.scales
    if !scales.names.isEmpty {
      lines.append("  scales: " + scales.names.map { "\($0) \(scales[$0].state)" }.joined(separator: ", "))
    }
    if let training = checkpoint.training {
      lines.append(
        "  training: step \(training.step)"
          + (training.sums.isEmpty ? " of \(training.configuration.curriculum.batches)" : ", sums in closed form")
          + ", seed \(training.configuration.seed); can be resumed"
      )
    } else {
      lines.append("  weights only")
    }
    if let system = checkpoint.system?["system"]?.text { lines.append("  system: \(system)") }
    if let arithmetic = checkpoint.arithmetic { lines.append("  arithmetic: \(arithmetic)") }
    for (key, value) in checkpoint.notes.sorted(by: { $0.key < $1.key }) {
      lines.append("  \(key): \(value.count > 80 ? value.prefix(77) + "…" : value)")
    }
    return lines.joined(separator: "\n")
  }
}
