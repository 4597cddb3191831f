internal import Climate
internal import Foundation
internal import Streams
internal import Trajectories

/// What is drawn of a stream of lattices: maps, structure factors, and the growth of domains.
enum LatticeCharts {
  /// What is on the sites of a square lattice, a picture each.
  /// - Parameter system: The fields of the frame alone are drawn when nil.
  static func maps(of frame: Frame, _ system: (any SystemDescription)?) -> [RunEvent] {
    let layout = frame.state.layout
    guard case .square(let rows, let columns) = layout.domain else { return [] }
    return (system?.siteSeries ?? SiteSeries.fields(of: layout)).compactMap { series in
      let values = series.values(frame.state)
      guard values.count == rows * columns else { return nil }
      let unit = layout.field(series.name).flatMap { $0.unit.isEmpty ? nil : $0.unit }
      return .image(
        .init(
          section: "Live stream", title: "map of \(series.symbol)", subject: "trajectory \(frame.trajectory)",
          x: .init("column"), y: .init("row")),
        .init(
          rows: rows, columns: columns, values: values, low: series.isOrder ? -1 : nil, high: series.isOrder ? 1 : nil,
          value: .init(series.symbol, unit: unit)))
    }
  }

  /// S(k) as a picture, and C(r) and the domain size ξ(t) of each order parameter.
  /// - Parameter interval: Time between two frames.
  static func events(of snapshot: ClimateSnapshot, _ system: any SystemDescription, interval: Double) -> [RunEvent] {
    structure(snapshot, system)
      + (snapshot.domains ?? []).flatMap { growth -> [RunEvent] in
        let symbol = system.siteSeries.first { $0.name == growth.name }?.symbol ?? growth.name
        // A logarithmic axis has no place for time 0.
        let first = growth.times.firstIndex { $0 > 0 } ?? growth.times.count
        let unit = system.timeUnit.isEmpty ? nil : system.timeUnit
        return [
          .curves(
            .init(
              section: "Domains", title: "ξ of \(symbol)", x: .init("time", unit: unit, isLogarithmic: true),
              y: .init("ξ, C(ξ) = ½", unit: "sites", isLogarithmic: true)),
            [
              .init(
                name: "ξ", start: growth.times.dropFirst(first).first ?? interval, step: interval,
                values: Array(growth.lengths.dropFirst(first)))
            ]),
          .curves(
            .init(
              section: "Domains", title: "C(r) of \(symbol)",
              subject: growth.times.last.map {
                "latest of \(growth.times.count) frames, time \(String(format: "%g", $0))"
              },
              x: .init("r", unit: "sites"), y: .init("C(r)")),
            [.init(name: "C", step: 1, values: growth.latest)]),
        ]
      }
  }

  /// log₁₀ S(k) of everything on the sites; an order parameter's peak is at 0, which is drawn in the middle.
  private static func structure(_ snapshot: ClimateSnapshot, _ system: any SystemDescription) -> [RunEvent] {
    guard case .square(let rows, let columns) = system.layout.domain, let structure = snapshot.structure else {
      return []
    }
    return system.siteSeries.compactMap { series in
      guard let half = structure.factors[series.name], half.count == rows * (columns / 2 + 1) else { return nil }
      let (shiftY, shiftX) = series.isOrder ? (rows / 2, columns / 2) : (0, 0)
      let values = (0..<rows * columns).map { place -> Double in
        var (m, n) = ((place / columns + shiftY) % rows, (place % columns + shiftX) % columns)
        // S(−k) = S(k): only half of the plane is kept.
        if n > columns / 2 { (m, n) = ((rows - m) % rows, columns - n) }
        let value = half[m * (columns / 2 + 1) + n]
        return value > 0 ? log10(value) : .nan
      }
      let range = series.isOrder ? -1.0...1.0 : 0.0...2.0
      return .image(
        .init(
          section: "Structure factors", title: "S(k) of \(series.symbol)", subject: "\(structure.frames) frames",
          x: .init("kx/π"), y: .init("ky/π")),
        .init(
          rows: rows, columns: columns, values: values, value: .init("log₁₀ S"), xRange: range, yRange: range))
    }
  }
}
