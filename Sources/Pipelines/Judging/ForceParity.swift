internal import Climate
internal import Foundation
internal import Learning
internal import Systems
internal import Tensors
internal import Trajectories

/// A force field's forces beside the exact ones, at held-out frames: root mean square, quantiles and the largest error, by
/// kind of configuration, the errors' histogram and the parity plot.
///
/// Kinds are the first frame (of a quench a random lattice), the frames until `split`, and those after. Where the truth
/// holds its charge, so does the force field, by its own density.
struct ForceParity: Sendable {
  /// One held-out configuration with its exact force.
  private struct Sample: Sendable {
    let kind: Kind
    let q: [Double]
    let force: [Double]
  }

  enum Kind: CaseIterable { case first, early, late }

  static let id = "force error"
  /// A curve of a verdict: shares of sites by log10 of the error, in bins of `binWidth` from `lowest`.
  static let histogram = "force error histogram"
  static let (lowest, binWidth, bins) = (-6.0, 0.25, 32)
  /// A curve of a verdict: the largest force, then the counts of (learned, exact) in `cells` × `cells`.
  static let parity = "force parity"
  static let cells = 48

  private let samples: [Sample]
  private let rows: Int
  private let columns: Int
  private let ensemble: LatticePhysics.Ensemble
  private let attributes: [String: Attribute]
  private let split: Double
  private let workers: Int

  /// - Parameters:
  ///   - split: Time that divides early from late.
  /// - Returns: Nil for a system without forces of a known ensemble.
  init?(_ truth: RolloutTruth, system: any SystemDescription, split: Double, workers: Int) {
    guard case .square(let rows, let columns) = system.layout.domain, system is any DynamicalSystem,
      let ensemble = system.attributes["ensemble"]?.text.flatMap(LatticePhysics.Ensemble.init)
    else { return nil }
    (self.rows, self.columns, self.ensemble, self.split) = (rows, columns, ensemble, split)
    (attributes, self.workers) = (system.attributes, workers)
    samples = zip(truth.starts, truth.states).flatMap { start, states in
      states.enumerated().compactMap { k, state in
        let frame = start.frame + k
        let time = Double(frame) * truth.interval
        guard let tendency = system.tendency(of: state, at: time) else { return nil }
        let force = Array(tendency["P"])
        guard force.allSatisfy(\.isFinite) else { return nil }
        return Sample(kind: frame == 0 ? .first : time <= split ? .early : .late, q: Array(state["Q"]), force: force)
      }
    }
  }

  private func name(_ kind: Kind) -> String {
    switch kind {
    case .first: "first frame"
    case .early: String(format: "t ≤ %g", split)
    case .late: String(format: "t > %g", split)
    }
  }

  /// Adds the force's scores and curves to a verdict on a force field; others are left as they are.
  /// - Throws: `LearningError`, `RunError` for a field of another lattice.
  func judge(_ model: any SurrogateModel, into verdict: inout Verdict) throws {
    guard let model = model as? ForceFieldModel else { return }
    try LearnedForces.check(model, against: attributes)
    let found = try forces(by: model)
    func score(_ id: String, _ value: Double, _ kind: String?, _ convention: String) -> Score {
      Score(id, of: "force", value, convention: convention, condition: kind)
    }
    for kind in [nil] + Kind.allCases {
      let chosen = samples.indices.filter { kind == nil || samples[$0].kind == kind }
      guard !chosen.isEmpty else { continue }
      let errors = chosen.flatMap { k in
        found[k].map { zip($0, samples[k].force).map { abs($0 - $1) } }
          ?? [Double](repeating: .infinity, count: samples[k].force.count)
      }.sorted()
      let square = errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)
      let words = kind.map(name)
      verdict.scores += [
        score("RMS \(Self.id)", square.squareRoot(), words, "over sites and frames, units of the force"),
        score("median \(Self.id)", errors[errors.count / 2], words, "of the magnitude"),
        score("99 % \(Self.id)", errors[errors.count * 99 / 100], words, "of sites are nearer"),
        score("largest \(Self.id)", errors[errors.count - 1], words, "at any site"),
      ]
      verdict.curves[Self.histogram + (words.map { ", " + $0 } ?? "")] = Self.histogram(of: errors)
    }
    verdict.curves[Self.parity] = parity(found)
  }

  /// Of each sample; nil where the field finds none.
  private func forces(by model: ForceFieldModel) throws -> [[Double]?] {
    let count = max(1, min(workers, samples.count))
    let fields = try (0..<count).map { _ in try model.forceField(rows: rows, columns: columns, ensemble: ensemble) }
    return LearnedForces.spread(samples.count, over: fields) { field, k in
      field.evaluate(samples[k].q) ? field.force : nil
    }
  }

  private static func histogram(of errors: [Double]) -> [Double] {
    var shares = [Double](repeating: 0, count: bins)
    for error in errors {
      let bin = (log10(max(error, 1e-300)) - lowest) / binWidth
      shares[min(bins - 1, max(0, bin.isFinite ? Int(bin) : bins - 1))] += 1 / Double(errors.count)
    }
    return shares
  }

  private func parity(_ found: [[Double]?]) -> [Double] {
    let limit = samples.reduce(1e-6) { $1.force.reduce($0) { max($0, abs($1)) } }
    var counts = [Double](repeating: 0, count: Self.cells * Self.cells)
    func cell(_ force: Double) -> Int {
      min(Self.cells - 1, max(0, Int((min(max(force / limit, -1), 1) + 1) / 2 * Double(Self.cells))))
    }
    for (sample, forces) in zip(samples, found) {
      guard let forces, forces.allSatisfy(\.isFinite) else { continue }
      for (exact, learned) in zip(sample.force, forces) { counts[cell(learned) * Self.cells + cell(exact)] += 1 }
    }
    return [limit] + counts
  }
}

extension Verdict {
  /// `Forces are off by 0.052 (root mean square; first frame 0.071, t ≤ 15 0.060, t > 15 0.012), by 1.9 at most.`; empty
  /// for models that are no force fields.
  var forceWords: String {
    let id = "RMS " + ForceParity.id
    guard let all = score(id, of: "force"), let largest = score("largest " + ForceParity.id, of: "force") else {
      return ""
    }
    let kinds = scores.filter { $0.id == id && $0.condition != nil }.map {
      String(format: "%@ %.2g", $0.condition!, $0.value)
    }
    return String(format: " Forces are off by %.2g (root mean square; ", all.value) + kinds.joined(separator: ", ")
      + String(format: "), by %.2g at most.", largest.value)
  }

  /// What it says, with its forces where it has any.
  var words: String { plainWords + forceWords }
}
