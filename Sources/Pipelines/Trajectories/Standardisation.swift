internal import Foundation
internal import Trajectories

/// How the columns of a log become the numbers of a state: (value − mean) / deviation, each column its own.
struct Standardisation: Sendable, Equatable, Codable {
  struct Column: Sendable, Equatable, Codable {
    var name: String
    var mean: Double
    /// 1 for a column that has not moved.
    var deviation: Double
  }

  var columns: [Column]

  static let key = "standardisation"

  /// Nothing is changed.
  init(none names: [String]) { columns = names.map { Column(name: $0, mean: 0, deviation: 1) } }

  /// From the first rows of a log.
  /// - Parameter rows: (rows, names).
  init(_ names: [String], rows: [[Double]]) {
    columns = names.indices.map { k in
      let values = rows.map { $0[k] }
      let mean = values.reduce(0, +) / Double(max(1, values.count))
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let deviation = (squares / Double(max(1, values.count))).squareRoot()
      let moves = deviation.isFinite && deviation > 1e-12 * max(1, abs(mean))
      return Column(name: names[k], mean: mean, deviation: moves ? deviation : 1)
    }
  }

  /// What a store or a checkpoint says of it; nil when it says nothing.
  init?(_ attributes: [String: Attribute]) {
    guard let stated = attributes[Self.key], let found = try? stated.decode(Standardisation.self),
      found.columns.allSatisfy({ $0.mean.isFinite && $0.deviation.isFinite && $0.deviation > 0 })
    else { return nil }
    self = found
  }

  var attribute: Attribute? { try? Attribute(encoding: self) }

  func standardised(_ values: [Double]) -> [Double] {
    zip(values, columns).map { ($0 - $1.mean) / $1.deviation }
  }
}

/// A log of numbers as a system: a field for each column, in units of its own standard deviation; the observables are the
/// columns as the log has them.
struct LoggedSystem: SystemDescription {
  let layout: StateLayout
  let standardisation: Standardisation
  let attributes: [String: Attribute]

  var name: String { "log" }
  var observables: [Observable] {
    zip(layout.fields, layout.ranges).compactMap { field, range in
      guard range.count == 1, let column = standardisation.columns.first(where: { $0.name == field.name }) else {
        return nil
      }
      let place = range.lowerBound
      return Observable(field.name, symbol: field.symbol, unit: field.unit) {
        column.mean + column.deviation * $0.values[place]
      }
    }
  }

  init(layout: StateLayout, standardisation: Standardisation, attributes: [String: Attribute]) {
    self.layout = layout
    self.standardisation = standardisation
    self.attributes = attributes
  }

  init(_ names: [String], _ standardisation: Standardisation) {
    var attributes: [String: Attribute] = ["system": "log"]
    attributes[Standardisation.key] = standardisation.attribute
    self.init(layout: StateLayout(names.map { Field($0) }), standardisation: standardisation, attributes: attributes)
  }
}
