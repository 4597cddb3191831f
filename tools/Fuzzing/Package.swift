// swift-tools-version: 6.2
import PackageDescription

// The readers of what comes from outside and what feeds them, for `tools/fuzz`. Apart from the main package, because all of
// it is built with testability, and for coverage with instruments: see tools/fuzz for the flags.
let package = Package(
  name: "fuzzing",
  dependencies: [.package(name: "holstream", path: "../..")],
  targets: [
    .executableTarget(
      name: "fuzz-readers",
      dependencies: ["CLibFuzzer"]
        + ["Dashboard", "Learning", "Pipelines", "Streams", "TestSupport", "Trajectories", "Zarr"].map {
          .product(name: $0, package: "holstream")
        }),
    // The one call of libFuzzer's that we make; its library is the compiler's own.
    .target(name: "CLibFuzzer"),
  ],
  swiftLanguageModes: [.v6]
)
