internal import Foundation

/// The systems of the chaos benchmarks, from the files in `Library`: flows, maps and flows with a delay.
enum EquationLibrary {
  static let all: [EquationDefinition] = {
    let files: [(String, [UInt8])] = [
      ("flows.txt", PackageResources.flows_txt), ("delays.txt", PackageResources.delays_txt),
      ("maps.txt", PackageResources.maps_txt),
    ]
    return files.flatMap { name, bytes in
      do { return try EquationFile.read(String(decoding: bytes, as: UTF8.self)) } catch {
        preconditionFailure("\(name), \(error)")
      }
    }
  }()

  private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  static func definition(_ name: String) -> EquationDefinition? { byName[name] }

  /// What settings without a file describe.
  static var fallback: EquationDefinition { byName["Lorenz"]! }
}
