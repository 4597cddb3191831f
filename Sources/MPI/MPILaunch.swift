public import Foundation

/// Whether this process is one of several that an MPI launcher has started, which the environment says.
public struct MPILaunch: Sendable, Equatable {
  /// Which of the two binary interfaces the launcher speaks for.
  public enum Family: String, Sendable {
    case openMPI = "Open MPI"
    case mpich = "MPICH"
  }

  /// What launchers say how many there are.
  private static let sizes: [(name: String, family: Family)] = [
    ("OMPI_COMM_WORLD_SIZE", .openMPI), ("PMI_SIZE", .mpich),
  ]

  public let family: Family
  /// Processes, as the launcher says.
  public let count: Int
  /// This one's number, as the launcher says.
  public let rank: Int
  /// Libraries to try, in their order.
  public let libraries: [String]

  /// - Parameter environment: Of the process.
  /// - Returns: Nil for a process that is alone, for whom MPI must not be touched.
  public init?(environment: [String: String] = ProcessInfo.processInfo.environment) {
    var found: (Family, Int)?
    for (name, family) in Self.sizes {
      if let count = environment[name].flatMap({ Int($0) }) {
        found = (family, count)
        break
      }
    }
    // srun with PMIx names the rank alone; the number of tasks of the step is SLURM's.
    if found == nil, environment["PMIX_RANK"] != nil,
      let count = (environment["SLURM_STEP_NUM_TASKS"] ?? environment["SLURM_NTASKS"]).flatMap({ Int($0) })
    {
      found = (.openMPI, count)
    }
    guard let (family, count) = found, count > 1 else { return nil }
    rank =
      ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"].lazy.compactMap { environment[$0].flatMap { Int($0) } }.first
      ?? 0
    self.family = family
    self.count = count
    if let given = environment[Self.libraryKey], !given.isEmpty {
      libraries = [given]
    } else {
      let openMPI = ["libmpi.so.40", "libmpi.so.80", "libmpi.so.20"]
      // Debian's name of MPICH, and that of the common interface.
      libraries = family == .openMPI ? openMPI + ["libmpi.so"] : ["libmpich.so.12", "libmpi.so.12", "libmpi.so"]
    }
  }

  /// The variable that names the library where it is not found.
  public static let libraryKey = "HOLSTREAM_MPI"
}
