internal import Foundation

/// Koopman spectra of two ensembles with the same products: both standardised as the truth is.
public struct KoopmanComparison: Codable, Sendable, Equatable {
  public var estimator = KoopmanSpectrum.estimator
  /// In the order in which products are made; the first twelve are looked at.
  public var observables: [String]
  /// Nil where there are too few frames.
  public var truth: KoopmanSpectrum?
  public var other: KoopmanSpectrum?

  private static let mostObservables = 12
  private static let shown = 10

  /// - Parameters:
  ///   - truth: Series by observable (B, T).
  ///   - other: Likewise.
  ///   - order: Largest number of factors of a product.
  public init(
    truth: [String: [[Double]]], other: [String: [[Double]]], names: [String], order: Int, timeStep: Double
  ) {
    observables = Array(names.prefix(Self.mostObservables))
    let own = observables.map { truth[$0] ?? [] }
    self.truth = KoopmanSpectrum(own, order: order, timeStep: timeStep)
    self.other = KoopmanSpectrum(
      observables.map { other[$0] ?? [] }, standardisedBy: own, order: order, timeStep: timeStep)
  }

  /// A table of the modes of least residual.
  public var text: String {
    func rows(_ title: String, _ spectrum: KoopmanSpectrum?) -> String {
      guard let spectrum else { return "\(title): too few frames for Koopman modes" }
      let head =
        "\(title): Koopman modes of \(spectrum.features) products of up to \(spectrum.order) observables, "
        + "\(spectrum.pairs) pairs\n  residual      rate   frequency"
      return
        ([head]
        + spectrum.modes.prefix(Self.shown).map {
          String(format: "  %8.2e %9.3g %11.4g", $0.residual, $0.rate, $0.frequency)
        }).joined(separator: "\n")
    }
    return rows("truth", truth) + "\n" + rows("other", other)
  }
}
