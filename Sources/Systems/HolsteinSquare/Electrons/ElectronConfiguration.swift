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
    /// The faster of `diagonal` and `poles`: the first up to 6 × 6 sites, the second beyond.
    case exact
    /// All eigenvectors of H, by LAPACK: of order N³.
    case diagonal
    /// Selected inversion at the poles of the Fermi function's rational approximation: of order N^(3/2).
    case poles
    /// The window of (2R + 1)² sites around each: of order N, and approximate.
    case windowed
    /// A force field that is learned while the lattice moves, with windows where it is not sure: of order N.
    case onTheFly = "on-the-fly"
  }

  public var ensemble: Ensemble
  public var engine: Engine
  /// R of `windowed`, and of the windows that `on-the-fly` learns from.
  public var radius: Int
  /// Of `on-the-fly`.
  public var learning: OnTheFlySettings

  public init(
    ensemble: Ensemble = .canonical, engine: Engine = .exact, radius: Int = 2,
    learning: OnTheFlySettings = OnTheFlySettings()
  ) {
    self.learning = learning
    self.ensemble = ensemble
    self.engine = engine
    self.radius = radius
  }

  /// The largest lattice whose dense matrix is asked for: 128 MiB of it, and as much thrice more for LAPACK.
  static let mostDense = 64
  /// The largest whose fronts are: some 2 GiB.
  static let mostSparse = 256
  static let mostRadius = 8
  /// From here on `exact` is `poles`.
  static let leastSparse = 8

  /// - Throws: `SystemError` for an engine that cannot serve such a lattice.
  public func validate(sites: Int) throws(SystemError) {
    if engine == .onTheFly { try learning.validate() }
    if engine == .windowed || engine == .onTheFly {
      guard radius >= 1, radius <= Self.mostRadius, 2 * radius + 1 <= sites else {
        throw SystemError(
          .invalidParameter,
          "the radius of the windows must be from 1 to \(Self.mostRadius), and 2R + 1 at most the lattice's \(sites) sites; got \(radius)",
          key: "radius")
      }
    }
    if engine != .windowed, engine != .onTheFly || learning.whole == .exact {
      let most = engine == .diagonal ? Self.mostDense : Self.mostSparse
      guard sites <= most else {
        throw SystemError(
          .invalidParameter,
          "the engine `\(engine.rawValue)` is for lattices of up to \(most) × \(most) sites, got \(sites); take `windowed`\(engine == .onTheFly ? " for `on-the-fly.whole`" : "")",
          key: "engine")
      }
    }
  }

  /// Of `on-the-fly` that of its labels: what is asked of a state alone is not learned.
  func solver(sites: Int) -> any ElectronSolver {
    switch engine {
    case .windowed, .onTheFly: WindowedSolver(radius: radius)
    case .diagonal: DiagonalSolver()
    case .poles: PoleSolver()
    case .exact: sites < Self.leastSparse ? DiagonalSolver() : PoleSolver()
    }
  }
}
