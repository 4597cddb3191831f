import CZstdDirect
import Foundation
import Lattice
import Peak
import Zarr

// Writing frames and reading random windows of 17, beside zarr-python and tensorstore on the same frames and codec, with
// memcpy and libzstd's own single call as the limit.

let count = 4096
let sites = 32
let folder = FileManager.default.temporaryDirectory.appending(path: "bench-store-\(getpid())")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: folder) }

print("simulating \(count) frames of the deep quench, L = \(sites) …")
var configuration = EnsembleConfiguration(preset: .deep, sites: sites, seed: 1)
configuration.saveEvery = 64
var ensemble = try HolsteinEnsemble(configuration, trajectories: 0..<1)
let frames = (0..<count).map { _ in ensemble.advance()[0].state.rho }
var raw = Data()
for frame in frames { frame.map(Float.init).withUnsafeBytes { raw.append(contentsOf: $0) } }
let source = folder.appending(path: "frames.bin")
try raw.write(to: source)
let megabytes = Double(raw.count) / 1e6

let layout = TrajectoryStoreLayout(
  fields: [
    TrajectoryField(name: "rho", shape: [sites, sites], dataType: .complex64, dimensionNames: ["site", "site_2"])
  ],
  framesPerChunk: 64)
let store = folder.appending(path: "h.zarr")

func write() throws {
  try? FileManager.default.removeItem(at: store)
  let writer = try TrajectoryStoreWriter(creating: store, layout: layout)
  for (index, frame) in frames.enumerated() { try writer.append(trajectory: 0, time: Double(index), ["rho": frame]) }
  try writer.close()
}

let writing = Peak.seconds(repeats: 3) { try! write() }
let reader = try TrajectoryStoreReader(store)
var state: UInt64 = 1
let starts = (0..<2000).map { _ in
  state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
  return Int(state >> 33) % (count - 17)
}
var window = [Float](repeating: 0, count: 17 * 2 * sites * sites)
let reading =
  Peak.seconds(repeats: 3) {
    for start in starts {
      window.withUnsafeMutableBufferPointer {
        try! reader.read("rho", trajectory: 0, frames: start..<(start + 17), into: $0)
      }
    }
  } / Double(starts.count)

// libzstd alone, one call a chunk, on the bytes as they lie in memory.
let chunk = 64 * 2 * sites * sites * 4
var compressed = [UInt8](repeating: 0, count: ZSTD_compressBound(chunk))
let context = ZSTD_createCCtx()
ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1)
ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
var size = 0
let zstd = Peak.seconds(repeats: 3) {
  raw.withUnsafeBytes { raw in
    size = 0
    for k in 0..<(raw.count / chunk) {
      size += ZSTD_compress2(context, &compressed, compressed.count, raw.baseAddress! + k * chunk, chunk)
    }
  }
}

print(String(format: "ratio %.3f, memcpy %.1f GB/s", Double(raw.count) / Double(size), Peak.memcpy()))
print(String(format: "libzstd compressing                %7.0f MB/s", megabytes / zstd))
print(
  String(
    format: "holstream writing                  %7.0f MB/s  (%.0f %% of libzstd)", megabytes / writing,
    100 * zstd / writing))
print(String(format: "holstream random window of 17      %7.3f ms", reading * 1e3))

for threads in [1, 2] {
  let process = Process()
  process.executableURL = URL(filePath: ".venv/bin/python")
  process.arguments = ["tools/Benchmarks/peers/store.py", source.path, folder.path, "\(threads)"]
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let output = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  guard let peer = try? JSONDecoder().decode([String: Double].self, from: output) else {
    print("the Python peer failed; tools/benchmark makes its environment")
    continue
  }
  for name in ["zarr", "tensorstore"] {
    print(
      String(
        format:
          "%@ (%d threads): writing %6.0f MB/s, ours is %.1f times that; window %7.3f ms, ours is %.1f times as fast",
        name, threads,
        megabytes / peer["\(name) write"]!, peer["\(name) write"]! / writing, peer["\(name) window"]! * 1e3,
        peer["\(name) window"]! / reading))
  }
}

// Appending must cost the same late as early.
try FileManager.default.removeItem(at: store)
let small = TrajectoryStoreLayout(
  fields: [TrajectoryField(name: "Q", shape: [8], dataType: .float32, dimensionNames: ["site"])], framesPerChunk: 64)
let writer = try TrajectoryStoreWriter(creating: store, layout: small)
let values = ["Q": [Double](repeating: 0.5, count: 8)]
var blocks: [Double] = []
for block in 0..<10 {
  blocks.append(
    Peak.seconds(repeats: 1) {
      for k in 0..<100_000 { try! writer.append(trajectory: 0, time: Double(block * 100_000 + k), values) }
    })
}
print(
  String(
    format: "appending: first 100 000 frames %.2f µs each, the 900 001st to millionth %.2f µs each", blocks[0] * 10,
    blocks[9] * 10))
