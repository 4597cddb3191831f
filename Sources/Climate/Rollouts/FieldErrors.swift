internal import Foundation
internal import Trajectories

/// Squared errors of every rollout at every frame, by field and by observable.
struct FieldErrors: Sendable {
  /// One field's or observable's.
  struct Part: Sendable {
    var name: String
    /// Elements of one state, complex ones counted once.
    var elements: Double
    /// (B, T + 1) sums over entries of |error|².
    var squares: [[Double]]
    /// Over all rollouts and predicted frames; the start, which is given, does not count.
    var total: Double
  }

  /// What people read. A field of a single number that is observed under its own name is there as it is observed: of a
  /// standardised log in the units of the log.
  let parts: [Part]
  /// Of the evolving fields, in the numbers of the state, (fields, B, T + 1).
  private let squares: [[[Double]]]
  /// The truth's, by field, entries summed.
  private let variances: [Double]

  /// - Parameter series: The model's.
  init(_ truth: RolloutTruth, _ model: [[State<Double>]], _ series: [String: [[Double]]]) {
    let layout = truth.system.layout
    variances = truth.variances
    let observables = truth.observables.map(\.name)
    func observed(_ name: String) -> Part { Part(observed: name, truth.series[name]!, series[name]!) }
    var parts: [Part] = []
    var squares: [[[Double]]] = []
    for field in layout.evolving {
      let range = layout.range(field.name)
      let part = Part(field, range, truth.states, model)
      squares.append(part.squares)
      parts.append(range.count == 1 && observables.contains(field.name) ? observed(field.name) : part)
    }
    for name in observables where !parts.contains(where: { $0.name == name }) { parts.append(observed(name)) }
    self.parts = parts
    self.squares = squares
  }

  /// The root of the mean over fields of error over variance, (B, T + 1). A field that never moves is left out.
  var relative: [[Double]] {
    // A variance that is not a number is kept: nothing is valid against it.
    let moving = variances.indices.filter { variances[$0] != 0 }
    guard let first = squares.first ?? parts.first?.squares else { return [] }
    return first.indices.map { rollout in
      first[rollout].indices.map { t in
        (moving.reduce(0) { $0 + squares[$1][rollout][t] / variances[$1] } / Double(max(1, moving.count))).squareRoot()
      }
    }
  }
}

extension FieldErrors.Part {
  /// Of a field, over the entries of its range.
  fileprivate init(_ field: Field, _ range: Range<Int>, _ truth: [[State<Double>]], _ model: [[State<Double>]]) {
    self.init(name: field.name, elements: Double(field.elements), squares: [], total: 0)
    for (x, y) in zip(truth, model) {
      var rollout: [Double] = []
      for t in x.indices {
        var frame = 0.0
        var sum = total
        x[t].values.withUnsafeBufferPointer { x in
          y[t].values.withUnsafeBufferPointer { y in
            for k in range {
              let square = (x[k] - y[k]) * (x[k] - y[k])
              frame += square
              sum += square
            }
          }
        }
        if t > 0 { total = sum }
        rollout.append(frame)
      }
      squares.append(rollout)
    }
  }

  /// Of an observable, (B, T + 1) of both.
  fileprivate init(observed name: String, _ truth: [[Double]], _ model: [[Double]]) {
    self.init(name: name, elements: 1, squares: [], total: 0)
    for (x, y) in zip(truth, model) {
      let rollout = zip(x, y).map { ($0 - $1) * ($0 - $1) }
      for square in rollout.dropFirst() { total += square }
      squares.append(rollout)
    }
  }

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
