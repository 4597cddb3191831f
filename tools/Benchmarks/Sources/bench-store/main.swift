import Foundation

// Without arguments: writing frames and reading random windows of 17, beside zarr-python and tensorstore on the same
// frames and codec, with memcpy and libzstd's own single call as the limit. `presets`: ratio and speed of the presets on
// chaotic frames, and what rounding costs in time of prediction. `alone`: the first without the peers, for a profiler.

switch CommandLine.arguments.dropFirst().first {
case nil: try SideBySide.run(withPeers: true)
case "alone": try SideBySide.run(withPeers: false)
case "presets": try PresetTable.run()
case "append": try Appending.run()
case "frames":
  // Frames as complex128 for other tools.
  let bytes = try DeepQuench.frames(1024).flatMap { $0.state.rho.bytes(isSingle: false) }
  try Data(bytes).write(to: URL(filePath: CommandLine.arguments[2]))
default: print("usage: bench-store [alone | presets | append | frames FILE]")
}
