internal import Trajectories

/// The fields of published checkpoints, and of files that earlier versions wrote without naming them.
enum PublishedNames {
  static let fields = ["rho", "Q", "P"]
  /// The observables of earlier logs.
  static let orderParameters = ["deltaRho", "deltaQ"]

  /// A density matrix (L, L) and two vectors of L on a ring.
  static func layout(sites: Int) -> StateLayout {
    StateLayout(
      [
        Field(fields[0], shape: [sites, sites], isComplex: true, axes: ["site", "site_2"]),
        Field(fields[1], shape: [sites], axes: ["site"]), Field(fields[2], shape: [sites], axes: ["site"]),
      ], domain: .ring(sites))
  }
}
