// swift-tools-version: 6.2
import PackageDescription

// Side-by-side measurements, apart from the package so that its users do not build them. `tools/benchmark ROOM` builds
// one, runs it and its Python peer in turn, and prints the ratios with the machine's peak beside them.
let package = Package(
  name: "benchmarks",
  dependencies: [
    .package(name: "holstream", path: "../.."),
    // The peer of the edges; the product does without it.
    .package(url: "https://github.com/apple/swift-async-algorithms", from: "1.0.0"),
  ],
  targets: [
    // The machine's own speed: dgemm, sgemm and memcpy, measured in the same run.
    .target(name: "Peak", dependencies: [.product(name: "Tensors", package: "holstream")]),
    .executableTarget(
      name: "bench-lattice",
      dependencies: [
        "Peak", .product(name: "Systems", package: "holstream"), .product(name: "Tensors", package: "holstream"),
      ]),
    .executableTarget(
      name: "bench-square",
      dependencies: [
        "Peak", .product(name: "Systems", package: "holstream"), .product(name: "Tensors", package: "holstream"),
        .product(name: "Trajectories", package: "holstream"),
      ]),
    // Digests of all that is computed, for tools/test-arithmetic.
    .executableTarget(
      name: "arithmetic-probe",
      dependencies: [
        .product(name: "Learning", package: "holstream"), .product(name: "Systems", package: "holstream"),
        .product(name: "Tensors", package: "holstream"), .product(name: "Trajectories", package: "holstream"),
      ]),
    .executableTarget(
      name: "study-lattice",
      dependencies: [
        .product(name: "Climate", package: "holstream"), .product(name: "Systems", package: "holstream"),
        .product(name: "Trajectories", package: "holstream"),
      ]),
    .executableTarget(
      name: "bench-store",
      dependencies: [
        "CZstdDirect", "Peak", .product(name: "Systems", package: "holstream"),
        .product(name: "Trajectories", package: "holstream"), .product(name: "Zarr", package: "holstream"),
      ]),
    .executableTarget(name: "bench-watch", dependencies: [.product(name: "Climate", package: "holstream")]),
    .executableTarget(
      name: "bench-streams",
      dependencies: [
        .product(name: "AsyncAlgorithms", package: "swift-async-algorithms"),
        .product(name: "Streams", package: "holstream"),
      ]),
    .systemLibrary(name: "CZstdDirect", pkgConfig: "libzstd"),
    .executableTarget(
      name: "bench-learning",
      dependencies: [
        "Peak", .product(name: "Learning", package: "holstream"), .product(name: "Systems", package: "holstream"),
        .product(name: "Tensors", package: "holstream"), .product(name: "Trajectories", package: "holstream"),
      ]),
    .executableTarget(
      name: "bench-force",
      dependencies: [
        "Peak", .product(name: "Learning", package: "holstream"), .product(name: "Settings", package: "holstream"),
        .product(name: "Tensors", package: "holstream"), .product(name: "Trajectories", package: "holstream"),
      ]),
    // Quenches of the square lattice, and fields that learn from them.
    .target(
      name: "Quenches",
      dependencies: [
        .product(name: "Learning", package: "holstream"), .product(name: "Settings", package: "holstream"),
        .product(name: "Systems", package: "holstream"), .product(name: "Tensors", package: "holstream"),
        .product(name: "Trajectories", package: "holstream"),
      ]),
    // Every learner on every system, for tools/board.
    .executableTarget(
      name: "board",
      dependencies: [
        .product(name: "Climate", package: "holstream"), .product(name: "Learning", package: "holstream"),
        .product(name: "Pipelines", package: "holstream"), .product(name: "Settings", package: "holstream"),
        .product(name: "Systems", package: "holstream"), .product(name: "Tensors", package: "holstream"),
        .product(name: "Trajectories", package: "holstream"),
      ]),
    .executableTarget(
      name: "bench-recurrent",
      dependencies: [
        "Peak", .product(name: "Learning", package: "holstream"), .product(name: "Systems", package: "holstream"),
        .product(name: "Trajectories", package: "holstream"),
      ]),
    .executableTarget(
      name: "study-force",
      dependencies: [
        "Quenches", .product(name: "Learning", package: "holstream"), .product(name: "Systems", package: "holstream"),
        .product(name: "Trajectories", package: "holstream"),
      ]),
    .executableTarget(
      name: "study-cost",
      dependencies: [
        "Quenches", .product(name: "Learning", package: "holstream"), .product(name: "Systems", package: "holstream"),
        .product(name: "Tensors", package: "holstream"), .product(name: "Trajectories", package: "holstream"),
      ]),
    .executableTarget(
      name: "study-on-the-fly",
      dependencies: [
        .product(name: "Settings", package: "holstream"), .product(name: "Systems", package: "holstream"),
        .product(name: "Trajectories", package: "holstream"),
      ]),
    .executableTarget(
      name: "bench-readout",
      dependencies: [
        "Peak", .product(name: "Learning", package: "holstream"), .product(name: "Systems", package: "holstream"),
        .product(name: "Trajectories", package: "holstream"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
