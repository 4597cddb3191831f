internal import Foundation

extension Verdict {
  /// `rollout RMSE Δρ 1.34e-01  ΔQ 3.05e-01   surviving   0 %`: a row of a terminal's table.
  public var rowWords: String {
    "rollout RMSE \(inRow("%.2e", between: "  "))   surviving \(String(format: "%3.0f", 100 * surviving)) %"
  }

  /// `Δρ 1.3e-01 ΔQ 3.1e-01`: for a status line.
  public var statusWords: String { inRow("%.1e", between: " ") }

  private func inRow(_ format: String, between: String) -> String {
    let errors = errors
    return observables.prefix(Self.mostInWords).map {
      "\($0.symbol) \(Self.words(errors[$0.name], format))"
    }.joined(separator: between)
  }

  /// An error as a number, where rollouts that diverged leave one.
  private static func words(_ error: Double?, _ format: String) -> String {
    error.flatMap { $0.isFinite ? String(format: format, $0) : nil } ?? "diverged"
  }

  /// The verdict in a sentence or two: for a chaotic system the climate and the valid time first, for a regular one the
  /// errors.
  public var plainWords: String {
    // Where no time is known, the frames have said it.
    let time = timeUnit == "frames" ? "" : String(format: " (%.0f time units)", Double(frames) * timeStep)
    var words = "Over \(frames) frames\(time) from \(rollouts) held-out states: "
    let climateWords = climateWords
    if isChaotic, let climateWords {
      words += climateWords.prefix(1).lowercased() + climateWords.dropFirst() + "."
      if let validTime {
        words += String(
          format: " %@ stays within %g standard deviations for %.1f %@",
          observables.first?.symbol ?? "It", validThreshold, validTime,
          timeUnit == "frames" ? timeUnit : "time units")
        if let exponent = lyapunov?.truth {
          words += String(format: " (%.1f Lyapunov times).", validTime * exponent)
        } else {
          words += "."
        }
      }
      words += distanceWords
      words += " \(errorWords)."
    } else {
      words += errorWords + "."
    }
    words += baselineWords
    if !isChaotic, let climateWords { words += " \(climateWords)." }
    if let lyapunov, let model = lyapunov.model, let truth = lyapunov.truth {
      words += String(format: " Largest Lyapunov exponent %.3f, the truth's %.3f.", model, truth)
    }
    if surviving < 1 { words += String(format: " %.0f %% of the rollouts diverged.", 100 * (1 - surviving)) }
    return words
  }

  /// `RMSE of Δρ 1.48e-03, of ΔQ 1.22e-03`.
  private var errorWords: String {
    let errors = errors
    return "RMSE "
      + observables.prefix(Self.mostInWords).map {
        "of \($0.symbol) \(Self.words(errors[$0.name], "%.2e"))"
      }.joined(separator: ", ")
  }

  /// Distances of the attractors beside those of other truth: of the state space, and of spectra on average over the
  /// observables.
  private var distanceWords: String {
    let words = ["D_stsp/gtf-bin30", "D_stsp/gtf-gmm1", "D_H/gtf-s20"].compactMap { id -> String? in
      let those = scores.filter { $0.id == id }
      let floors = those.compactMap(\.noiseFloor)
      guard !those.isEmpty, floors.count == those.count else { return nil }
      func mean(_ numbers: [Double]) -> Double { numbers.reduce(0, +) / Double(numbers.count) }
      return String(format: "%@ %.3f (%.3f)", id, mean(those.map(\.value)), mean(floors))
    }
    return words.isEmpty ? "" : " Distances, and in brackets other truth's: \(words.joined(separator: ", "))."
  }

  private var baselineWords: String {
    let names = observables.prefix(Self.mostInWords).map(\.name)
    func numbers(_ baseline: Baseline) -> String {
      let errors = names.map { baseline.errors[$0] ?? .nan }
      guard errors.allSatisfy(\.isFinite) else { return "diverges" }
      let words = errors.map { String(format: "%.2e", $0) }
      return (words.count > 1 ? words.dropLast().joined(separator: ", ") + " and " : "") + (words.last ?? "")
    }
    guard let persistence = baselines.first(where: { $0.name == "persistence" }) else { return "" }
    return " Persistence would give \(numbers(persistence))"
      + baselines.filter { $0.name != "persistence" }.map { ", \($0.name) \(numbers($0))" }.joined() + "."
  }

  /// Distances of the first observable's distributions, in standard deviations of the truth's.
  private var marginals: (symbol: String, model: Double, floor: Double)? {
    guard let label = observables.first, let observable = climate.observables.first(where: { $0.name == label.name }),
      let distance = observable.wasserstein1, let floor = distance.noiseFloor, observable.truth.standardDeviation > 0
    else { return nil }
    let deviation = observable.truth.standardDeviation
    return (label.symbol, distance.value / deviation, floor / deviation)
  }

  /// Whether other truth differs from the truth by next to nothing: so it is when the trajectories are regular.
  private var isAlike: Bool { marginals.map { $0.floor < 0.01 } ?? false }

  /// Whether the truth itself forgets its start, as far as is known.
  private var isChaotic: Bool {
    if isAlike { return false }
    if predictabilityTime != nil { return true }
    if let truth = lyapunov?.truth, let error = lyapunov?.truthStandardError { return truth > 2 * error }
    return false
  }

  private var climateWords: String? {
    guard let climateScore, climateScore.isFinite else { return nil }
    guard isAlike, let marginals, marginals.model.isFinite else {
      return String(format: "Its climate is %.1f times as far from the truth's as other truth is", climateScore)
    }
    // A ratio to next to nothing is large for any model: what it is a ratio of goes before it.
    return String(
      format:
        "Trajectories hardly differ here: the distribution of %@ is %.2g %% of a standard deviation off, that of other truth %.1g %%, and to so little the climate score of %.3g is a ratio",
      marginals.symbol, 100 * marginals.model, 100 * marginals.floor, climateScore)
  }
}
