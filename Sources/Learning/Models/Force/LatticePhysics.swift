internal import Settings
internal import Trajectories

/// What a force field knows of the semiclassical Holstein lattice beside its network (docs/force-fields.md).
///
/// F_i = g (n_i − ½) − k Q_i − κ Σ_j Q_j, dQ/dt = P/m; the electrons' density n depends on Q, on the hopping and on the
/// temperature.
public struct LatticePhysics: Sendable, Equatable {
  /// What the force that is learnt is of.
  public enum Ensemble: String, Sendable, CaseIterable {
    /// μ = 0: the density of a site depends on its surroundings alone.
    case grandCanonical = "grand-canonical"
    /// Half an electron a site: μ, and so every density, depends on the whole lattice.
    case canonical
  }

  /// Names of the parameters, as systems and stores spell them, and what each is.
  static let parameters: [(name: String, meaning: String)] = [
    ("g", "Coupling g of density and displacement"), ("k", "Stiffness k of the springs"),
    ("kappa", "κ of neighbouring displacements"), ("m", "Mass m, for rollouts"),
    ("gamma", "Friction γ, for rollouts"), ("dt", "Time step, for rollouts"),
    ("t", "Hopping, so that a lattice of another is refused"),
    ("temperature", "Temperature, so that a lattice of another is refused"),
  ]
  /// Those that the force depends on.
  public static let ofForce = ["g", "k", "kappa", "t", "temperature"]

  /// By name; those that nobody said are missing.
  public private(set) var values: [String: Double]
  public var ensemble: Ensemble

  /// Reads the keys of a pipeline file.
  init(_ section: ConfigurationSection) {
    values = [:]
    for (name, meaning) in Self.parameters {
      values[name] = section.optionalNumber(name, meaning + "; what the data say when left out")
    }
    ensemble = section.choice(
      "ensemble", default: Ensemble.grandCanonical.rawValue, among: Ensemble.allCases.map { ($0.rawValue, $0) },
      "Whose forces are learnt: those of μ = 0, which are local and serve any charge, or those of half filling as they are"
    )
  }

  /// As a configuration holds them.
  init(_ configuration: ModelConfiguration) throws {
    values = [:]
    for (name, _) in Self.parameters where configuration.settings[name] != nil {
      values[name] = try configuration.setting(name) { $0.number.flatMap { $0.isFinite ? $0 : nil } }
    }
    ensemble = try configuration.setting("ensemble") { $0.text.flatMap(Ensemble.init) }
  }

  init(_ values: [String: Double], ensemble: Ensemble) {
    self.values = values
    self.ensemble = ensemble
  }

  var attributes: [String: Attribute] {
    var attributes = values.mapValues(Attribute.number)
    attributes["ensemble"] = .text(ensemble.rawValue)
    return attributes
  }

  /// With what the data's system says of parameters that no key gave.
  /// - Throws: `LearningError` of code `invalidConfiguration` where key and system disagree, or neither says what the
  ///   force needs.
  func completed(by system: [String: Attribute]) throws -> LatticePhysics {
    var result = self
    if let shape = system["schedule"]?["shape"]?.text, shape != "constant" {
      throw LearningError(
        .invalidConfiguration,
        "a force field learns the electrons of one temperature, and that of the data changes (`schedule: \(shape)`)")
    }
    for (name, _) in Self.parameters {
      guard let stated = system[name]?.number else { continue }
      if let own = values[name], own != stated {
        throw LearningError(
          .invalidConfiguration, "the model's `\(name)` is \(own), the data are of \(stated); leave the key out")
      }
      result.values[name] = stated
    }
    if let missing = ["g", "k", "kappa"].first(where: { result.values[$0] == nil }) {
      throw LearningError(
        .invalidConfiguration,
        "a force field must know `\(missing)`, and the data do not say it; give it beside the family's keys")
    }
    return result
  }

  /// - Throws: `LearningError` of code `invalidConfiguration` where the parameter is not known.
  func value(_ name: String) throws -> Double {
    guard let value = values[name] else {
      throw LearningError(
        .invalidConfiguration,
        "the force field does not know `\(name)` of its lattice, which this needs; give it in training")
    }
    return value
  }
}

/// k and κ of the springs on a lattice of rows · columns sites.
struct ElasticForce: Sendable, Equatable {
  let stiffness, neighbourStiffness: Double

  /// k Q_i + κ Σ_j Q_j at every site: minus the force of the springs.
  func write<Scalar: BinaryFloatingPoint>(
    _ q: UnsafePointer<Scalar>, rows: Int, columns: Int, into pull: UnsafeMutablePointer<Scalar>
  ) {
    let (k, kappa) = (Scalar(stiffness), Scalar(neighbourStiffness))
    for y in 0..<rows {
      let row = y * columns
      let (below, above) = ((y + 1 == rows ? 0 : y + 1) * columns, (y == 0 ? rows - 1 : y - 1) * columns)
      for x in 0..<columns {
        let (right, left) = (row + (x + 1 == columns ? 0 : x + 1), row + (x == 0 ? columns - 1 : x - 1))
        pull[row + x] = k * q[row + x] + kappa * ((q[right] + q[left]) + (q[below + x] + q[above + x]))
      }
    }
  }
}
