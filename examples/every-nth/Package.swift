// swift-tools-version: 6.2
import PackageDescription

// A component of one's own in a package of one's own: nothing of Holstream is changed. Elsewhere the first dependency is its
// address and a version.
let package = Package(
  name: "every-nth",
  dependencies: [.package(name: "holstream", path: "../..")],
  targets: [
    .executableTarget(
      name: "every-nth",
      dependencies: ["Pipelines", "Settings", "Streams", "Trajectories"].map { .product(name: $0, package: "holstream") })
  ],
  swiftLanguageModes: [.v6]
)
