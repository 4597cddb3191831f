import Foundation
import Systems
import Trajectories

/// Chaotic frames: density matrices of one trajectory of the deep quench, every 64th step.
enum DeepQuench {
  static let sites = 32
  static let every = 64

  static func configuration(seed: UInt64 = 1) -> EnsembleConfiguration {
    var configuration = EnsembleConfiguration(preset: .deep, sites: sites, seed: seed)
    configuration.saveEvery = every
    return configuration
  }

  static func frames(_ count: Int) throws -> [LatticeState] {
    var ensemble = try HolsteinEnsemble(configuration(), trajectories: 0..<1)
    return (0..<count).map { _ in LatticeState(ensemble.advance()[0].state) }
  }
}

extension Array where Element == Double {
  /// The numbers' bytes in single or double precision.
  func bytes(isSingle: Bool) -> [UInt8] {
    isSingle ? map(Float.init).withUnsafeBytes { [UInt8]($0) } : withUnsafeBytes { [UInt8]($0) }
  }
}

/// A folder for the files of one run, removed at its end.
func withScratchFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "bench-store-\(getpid())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}

/// Prints a line at once, also into a file.
func say(_ line: String) {
  print(line)
  fflush(nil)
}
