// swift-tools-version: 6.2
import PackageDescription

// Arrows point one way: the command line knows the dashboard, the dashboard knows the streams, and only
// the pipelines know the rooms. The rooms do not know each other; they stand on common ground, `Trajectories`, `Settings`,
// `Disk` and `Tensors`, which imports nothing of ours.
let package = Package(
  name: "holstream",
  products: [
    .executable(name: "holstream", targets: ["holstream"]),
    .library(name: "Trajectories", targets: ["Trajectories"]),
    .library(name: "Settings", targets: ["Settings"]),
    .library(name: "Disk", targets: ["Disk"]),
    .library(name: "Transports", targets: ["Transports"]),
    .library(name: "Streams", targets: ["Streams"]),
    .library(name: "Tensors", targets: ["Tensors"]),
    .library(name: "Systems", targets: ["Systems"]),
    .library(name: "Zarr", targets: ["Zarr"]),
    .library(name: "Learning", targets: ["Learning"]),
    .library(name: "Climate", targets: ["Climate"]),
    .library(name: "Pipelines", targets: ["Pipelines"]),
    .library(name: "Dashboard", targets: ["Dashboard"]),
    // What the tests and tools/Fuzzing share.
    .library(name: "TestSupport", targets: ["TestSupport"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // C libraries of the system, and the few loops that C runs faster than Swift.
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CInotifyTools", providers: [.apt(["libinotifytools0-dev"])]),
    .target(name: "CKernels"),
    // MPI's library is opened while a run is one of several ranks: nothing is linked but the loader.
    .target(name: "CMPI", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    // Calls of the NATS client, which is looked for when it is needed and may be missing.
    .target(name: "CNats", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),

    // The ground.
    .target(name: "Trajectories"),
    .target(name: "Settings"),
    .target(name: "Disk", dependencies: ["CKernels"]),
    .target(name: "Transports", dependencies: ["Disk", "CKernels", "CNats"]),

    // The rooms.
    .target(
      name: "Streams",
      dependencies: [
        "CInotifyTools", "Disk",
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ]),
    .target(name: "Tensors", dependencies: ["COpenBLAS", "CKernels"]),
    .target(name: "MPI", dependencies: ["CMPI", "Tensors"]),
    .target(
      name: "Systems", dependencies: ["Trajectories", "Settings", "Tensors", "CKernels", "COpenBLAS"],
      resources: [.embedInCode("Equations/Library")]),
    .target(name: "Zarr", dependencies: ["CZstd", "CKernels", "Disk"]),
    .target(name: "Learning", dependencies: ["Trajectories", "Settings", "Tensors", "CKernels", "Disk"]),
    .target(
      name: "Climate",
      dependencies: [
        "Trajectories", "Settings", "Tensors", .product(name: "DequeModule", package: "swift-collections"),
      ]),

    // The one place that knows them all, and the two doors to it.
    .target(
      name: "Pipelines",
      dependencies: [
        "Trajectories", "Settings", "Disk", "Transports", "Streams", "Tensors", "Systems", "Zarr", "Learning", "Climate",
        "MPI",
        "Yams",
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .target(
      name: "Dashboard",
      dependencies: [
        "Streams",
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      resources: [.embedInCode("Page")]),
    .executableTarget(
      name: "holstream",
      dependencies: [
        "Dashboard", "Pipelines", "Settings", "Streams", "Transports",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      plugins: ["BuiltFrom"]),
    .plugin(name: "BuiltFrom", capability: .buildTool()),

    .target(name: "TestSupport", dependencies: ["Streams"]),
    .testTarget(
      name: "StreamsTests",
      dependencies: [
        "Streams", "TestSupport",
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Logging", package: "swift-log"),
      ]),
    .testTarget(name: "DiskTests", dependencies: ["Disk", "TestSupport"]),
    .testTarget(name: "TransportsTests", dependencies: ["Transports", "Disk", "TestSupport"]),
    .testTarget(name: "TrajectoriesTests", dependencies: ["Trajectories", "TestSupport"]),
    .testTarget(name: "SettingsTests", dependencies: ["Settings", "TestSupport"]),
    .testTarget(name: "TensorsTests", dependencies: ["Tensors", "TestSupport"]),
    .testTarget(name: "SystemsTests", dependencies: ["Systems", "Trajectories", "Settings", "Tensors", "TestSupport"]),
    .testTarget(name: "ZarrTests", dependencies: ["Zarr", "TestSupport"]),
    .testTarget(
      name: "LearningTests", dependencies: ["Learning", "Trajectories", "Settings", "Tensors", "TestSupport"]),
    .testTarget(name: "ClimateTests", dependencies: ["Climate", "Trajectories", "Settings", "Tensors", "TestSupport"]),
    .testTarget(name: "DashboardTests", dependencies: ["Dashboard", "Streams", "TestSupport"]),
    .testTarget(
      name: "PipelinesTests",
      dependencies: [
        "Pipelines", "Dashboard", "Streams", "Zarr", "Learning", "Systems", "Climate", "Trajectories", "Settings",
        "Transports", "Disk", "Tensors", "holstream", "TestSupport",
      ]),
    .testTarget(
      name: "ExamplesTests",
      dependencies: [
        "Pipelines", "Streams", "Learning", "Systems", "Climate", "Trajectories", "Settings", "Tensors", "TestSupport",
      ]),
  ],
  swiftLanguageModes: [.v6]
)

for target in package.targets where target.type != .system && target.type != .plugin {
  var settings = target.swiftSettings ?? []
  settings += [
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
  ]
  target.swiftSettings = settings
}
