internal import Foundation
internal import Trajectories

/// Squared errors of every rollout at every frame, by field and by observable.
struct FieldErrors: Sendable {
  /// One field's or observable's.
  struct Part: Sendable {
    var name: String
    var isField: Bool
    /// Elements of one state, complex ones counted once.
    var elements: Double
    /// (B, T + 1) sums over entries of |error|².
    var squares: [[Double]]
    /// Over all rollouts and predicted frames; the start, which is given, does not count.
    var total: Double
  }

  let parts: [Part]
  /// The truth's, by field, entries summed.
  private let variances: [Double]

  /// - Parameter series: The model's.
  init(_ truth: RolloutTruth, _ model: [[State<Double>]], _ series: [String: [[Double]]]) {
    let layout = truth.system.layout
    variances = truth.variances
    var parts: [Part] = []
    for field in layout.evolving {
      let range = layout.range(field.name)
      var part = Part(name: field.name, isField: true, elements: Double(field.elements), squares: [], total: 0)
      for (x, y) in zip(truth.states, model) {
        var squares: [Double] = []
        for t in x.indices {
          var frame = 0.0
          var total = part.total
          x[t].values.withUnsafeBufferPointer { x in
            y[t].values.withUnsafeBufferPointer { y in
              for k in range {
                let square = (x[k] - y[k]) * (x[k] - y[k])
                frame += square
                total += square
              }
            }
          }
          if t > 0 { part.total = total }
          squares.append(frame)
        }
        part.squares.append(squares)
      }
      parts.append(part)
    }
    // A component of the state that is observed is the field itself.
    for observable in truth.observables where !parts.contains(where: { $0.name == observable.name }) {
      var part = Part(name: observable.name, isField: false, elements: 1, squares: [], total: 0)
      for (x, y) in zip(truth.series[observable.name]!, series[observable.name]!) {
        let squares = zip(x, y).map { ($0 - $1) * ($0 - $1) }
        for square in squares.dropFirst() { part.total += square }
        part.squares.append(squares)
      }
      parts.append(part)
    }
    self.parts = parts
  }

  /// The root of the mean over fields of error over variance, (B, T + 1). A field that never moves is left out.
  var relative: [[Double]] {
    // A variance that is not a number is kept: nothing is valid against it.
    let moving = variances.indices.filter { variances[$0] != 0 }
    guard let first = parts.first else { return [] }
    return first.squares.indices.map { rollout in
      first.squares[rollout].indices.map { t in
        (moving.reduce(0) { $0 + parts[$1].squares[rollout][t] / variances[$1] } / Double(max(1, moving.count)))
          .squareRoot()
      }
    }
  }
}

extension FieldErrors.Part {
  /// Root mean square over rollouts, predicted frames and entries.
  var rootMeanSquare: Double {
    let frames = squares.reduce(0) { $0 + max(0, $1.count - 1) }
    return (total / (Double(max(1, frames)) * elements)).squareRoot()
  }

  /// Root mean squares over rollouts and entries, against the frame.
  var againstFrame: [Double] {
    (squares.first ?? []).indices.map { t in
      (squares.reduce(0) { $0 + $1[t] } / (Double(squares.count) * elements)).squareRoot()
    }
  }

  /// Of the root mean square, from the scatter of the rollouts; nil for one.
  var standardError: Double? {
    let root = rootMeanSquare
    guard squares.count > 1, root > 0, root.isFinite else { return nil }
    let means = squares.map { $0.dropFirst().reduce(0, +) / (Double(max(1, $0.count - 1)) * elements) }
    let count = Double(means.count)
    let mean = means.reduce(0, +) / count
    let scatter = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (scatter / (count * (count - 1))).squareRoot() / (2 * root)
  }

  /// Largest root of the squares, entries summed, of any rollout at any frame; not a number when one is not.
  var largest: Double {
    var result = 0.0
    for square in squares.joined() where !result.isNaN && !(square <= result) { result = square }
    return result.squareRoot()
  }
}
