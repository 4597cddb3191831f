/// How the electrons are solved.
public struct ElectronConfiguration: Sendable, Equatable {
  /// What is held: the number of electrons, or the chemical potential.
  public enum Ensemble: String, Sendable, CaseIterable {
    /// N/2 electrons.
    case canonical
    /// μ = 0.
    case grandCanonical = "grand-canonical"
  }

  public enum Engine: String, Sendable, CaseIterable {
    /// All eigenvectors of H, by LAPACK.
    case exact
  }

  public var ensemble: Ensemble
  public var engine: Engine

  public init(ensemble: Ensemble = .canonical, engine: Engine = .exact) {
    self.ensemble = ensemble
    self.engine = engine
  }

  /// The largest lattice whose dense matrix is asked for: 128 MiB of it and as much again thrice for LAPACK.
  static let mostDense = 64

  /// - Throws: `SystemError` for an engine that cannot serve such a lattice.
  public func validate(sites: Int) throws(SystemError) {
    guard engine != .exact || sites <= Self.mostDense else {
      throw SystemError(
        .invalidParameter,
        "the engine `exact` is for lattices of up to \(Self.mostDense) × \(Self.mostDense) sites, got \(sites)",
        key: "engine")
    }
  }

  func solver(sites: Int) -> any ElectronSolver { DiagonalSolver() }
}
