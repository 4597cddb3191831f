internal import Settings
internal import Trajectories

/// The observables that somebody asks for by name.
enum ClimateObservables {
  /// - Parameter names: Those that the system puts first when nil.
  /// - Throws: `RunError` for a name that there is none of, with what was probably meant.
  static func named(_ names: [String]?, of system: any SystemDescription) throws -> [Observable] {
    guard let names else { return system.observables }
    return try names.map { name in
      if let found = system.observable(name) { return found }
      throw RunError(.usage, complaint(about: name, of: system))
    }
  }

  static func complaint(about name: String, of system: any SystemDescription) -> String {
    Spelling.complaint("observable", name, of: system.name, among: system.allObservables.map(\.name))
  }
}
