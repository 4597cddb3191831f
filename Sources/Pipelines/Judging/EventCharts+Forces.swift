internal import Climate
internal import Foundation
internal import Streams

extension EventCharts {
  /// Learned against exact forces, and the histogram of their errors by kind of configuration.
  static func forces(of verdict: Verdict) -> [RunEvent] {
    let prefix = ForceParity.histogram + ", "
    let kinds = verdict.curves.filter { $0.key.hasPrefix(prefix) }.sorted { $0.key < $1.key }
    guard !kinds.isEmpty, let parity = verdict.curves[ForceParity.parity], let limit = parity.first,
      parity.count == ForceParity.cells * ForceParity.cells + 1
    else { return [] }
    return [
      .image(
        .init(
          section: "Forces", title: "learned against exact force", subject: verdict.checkpoint,
          x: .init("exact force"), y: .init("learned force")),
        .init(
          rows: ForceParity.cells, columns: ForceParity.cells, values: parity.dropFirst().map { log10(1 + $0) },
          value: .init("log10(1 + sites)"), xRange: -limit...limit, yRange: -limit...limit)),
      .curves(
        .init(
          section: "Forces", title: "error of the force", subject: verdict.checkpoint,
          x: .init("log10 of the error"), y: .init("share of sites")),
        kinds.map { name, shares in
          .init(
            name: String(name.dropFirst(prefix.count)), start: ForceParity.lowest + ForceParity.binWidth / 2,
            step: ForceParity.binWidth, values: shares)
        }),
    ]
  }
}
