import Foundation
import Zarr

// Without arguments: writing frames and reading random windows of 17, beside zarr-python and tensorstore on the same
// frames and codec, with memcpy and libzstd's own single call as the limit. `presets`: ratio and speed of the presets on
// chaotic frames, and what rounding costs in time of prediction. `alone`: the first without the peers, for a profiler.

switch CommandLine.arguments.dropFirst().first {
case nil: try SideBySide.run(withPeers: true)
case "alone": try SideBySide.run(withPeers: false)
case "presets": try PresetTable.run()
case "append": try Appending.run()
case "windows":
  try withScratchFolder { folder in
    let frames = try DeepQuench.frames(SideBySide.count).map { $0.rho.bytes(isSingle: true) }
    let field = TrajectoryField(
      name: "rho", shape: [32, 32], dataType: .complex64, dimensionNames: ["site", "site_2"])
    let store = folder.appending(path: "h.zarr")
    for preset in CompressionPreset.allCases {
      try? FileManager.default.removeItem(at: store)
      let writer = try TrajectoryStoreWriter(
        creating: store, layout: TrajectoryStoreLayout(fields: [field], preset: preset))
      for frame in frames { try writer.append(trajectory: 0, time: 0) { $1.copyBytes(from: frame) } }
      try writer.close()
      let cold = try SideBySide.windows(store, cache: 0, field)
      print(String(format: "%@: a window that is not in the cache %.3f ms", preset.rawValue, cold.wall * 1e3))
    }
  }
case "frames":
  // Frames as complex128 for other tools.
  let bytes = try DeepQuench.frames(1024).flatMap { $0.rho.bytes(isSingle: false) }
  try Data(bytes).write(to: URL(filePath: CommandLine.arguments[2]))
default: print("usage: bench-store [alone | presets | append | windows | frames FILE]")
}
