import Foundation

// Without arguments: writing frames and reading random windows of 17, beside zarr-python and tensorstore on the same
// frames and codec, with memcpy and libzstd's own single call as the limit. `presets`: ratio and speed of the presets on
// chaotic frames, and what rounding costs in time of prediction.

switch CommandLine.arguments.dropFirst().first {
case nil: try SideBySide.run()
case "presets": try PresetTable.run()
case "append": try Appending.run()
default: print("usage: bench-store [presets | append]")
}
