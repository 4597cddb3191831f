import Foundation
import Zarr

/// Appending must cost the same late as early: processor time of all threads, files and all.
enum Appending {
  static func run() throws {
    try withScratchFolder { folder in
      // The first store warms up what the system keeps.
      for (isFilling, name) in [(true, nil), (false, "by a dictionary of doubles"), (true, "into the store's memory")] {
        let layout = TrajectoryStoreLayout(
          fields: [TrajectoryField(name: "Q", shape: [8], dataType: .float32, dimensionNames: ["site"])],
          framesPerChunk: 64)
        let writer = try TrajectoryStoreWriter(
          creating: folder.appending(path: "\(name ?? "warm").zarr"), layout: layout)
        let doubles = ["Q": [Double](repeating: 0.5, count: 8)]
        let floats = [Float](repeating: 0.5, count: 8)
        let blocks = (0..<10).map { block in
          Timing(repeats: 1) {
            for k in block * 100_000..<(block + 1) * 100_000 {
              if isFilling {
                try! writer.append(trajectory: 0, time: Double(k)) { _, target in
                  floats.withUnsafeBytes { target.copyMemory(from: $0) }
                }
              } else {
                try! writer.append(trajectory: 0, time: Double(k), doubles)
              }
            }
            try! writer.settle()
          }.processor * 10
        }
        try writer.close()
        guard let name else { continue }
        say(
          String(
            format:
              "processor time of appending frames of 32 bytes, 64 a chunk, %@: the first 100 000 %.2f µs each, the 900 001st to millionth %.2f µs each",
            name, blocks[0], blocks[9]))
      }
    }
  }
}
