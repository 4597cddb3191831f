internal import Foundation

extension ClimateComparison {
  /// The comparison as a table.
  public var text: String {
    func number(_ x: Double?) -> String { x.map { String(format: "%10.3e", $0) } ?? "         —" }
    func padded(_ text: String, _ width: Int) -> String { text.padding(toLength: width, withPad: " ", startingAt: 0) }
    let width = max(10, observables.map(\.name.count).max() ?? 0)
    let margin = String(repeating: " ", count: width)
    var lines = [
      "\(frames) frames\(apart); truth: \(truthTrajectories) trajectories, other: \(otherTrajectories)\(outcome)",
      "",
      "\(margin)              mean   std. error   std. dev.     minimum     maximum",
    ]
    for o in observables {
      for (label, m) in [("truth", o.truth), ("other", o.other)] {
        lines.append(
          "\(padded(o.name, width)) \(label)  \(number(m.mean))  \(number(m.standardError))  \(number(m.standardDeviation))  \(number(m.minimum))  \(number(m.maximum))"
        )
      }
    }
    lines += [
      "",
      "\(margin)                               distance  std. error  noise floor \(areRollouts == false ? "finite only" : "  survivors")  more needed",
    ]
    var notes: [String] = []
    func row(_ d: Distance) -> String {
      // Below the noise more trajectories would only lower the noise.
      let more =
        d.isAboveNoise == false
        ? "   in noise"
        : d.furtherTrajectories.map { $0 == 0 ? "          0" : String(format: "%11d", $0) } ?? "          —"
      if let note = d.note { notes.append("\(d.estimator): \(note)") }
      return
        "\(margin) \(padded(d.estimator, 29)) \(number(d.value))  \(number(d.standardError))   \(number(d.noiseFloor))  \(number(d.survivors))  \(more)"
    }
    for o in observables {
      lines.append("\(padded(o.name, width)) RMSE, frame by frame          \(number(o.rmse))")
      lines += o.distances.map(row)
    }
    lines.append("all together")
    lines += stateSpace.map(row)
    if let source = distances.compactMap(\.distance.noiseFloorSource).first {
      notes.append(
        "noise floor: the same distance between \(source == "other truth" ? "truth and other truth" : source)")
    }
    notes.append("more needed: further trajectories of each for a standard error of a fifth of the distance")
    return (lines + [""] + Array(Set(notes)).sorted()).joined(separator: "\n")
  }

  /// How far the frames are from each other, as far as that is known.
  private var apart: String {
    let unit = timeUnit ?? ""
    return unit == "frames" ? "" : String(format: ", %g apart in time", timeStep) + (unit.isEmpty ? "" : " (\(unit))")
  }

  /// What became of the other's trajectories. Of two sets that know nothing of each other none can diverge from the other.
  private var outcome: String {
    guard areRollouts == false else { return ", of which \(divergent) diverged" }
    var words = ""
    if let wider, wider > 0 {
      words += "; \(wider) of them \(wider == 1 ? "ranges" : "range") over more than 1.1 times the truth's widest range"
    }
    if divergent > 0 { words += "; \(divergent) of them \(divergent == 1 ? "is" : "are") not finite" }
    return words
  }
}
