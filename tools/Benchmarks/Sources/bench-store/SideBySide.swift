import CZstdDirect
import Foundation
import Peak
import Zarr

enum SideBySide {
  static let count = 4096
  static let window = 17

  static func run(withPeers: Bool) throws {
    say("simulating \(count) frames of the deep quench, L = \(DeepQuench.sites) …")
    let frames = try DeepQuench.frames(count).map(\.rho)
    say(String(format: "memcpy %.1f GB/s", Peak.memcpy()))
    for isSingle in [true, false] {
      try withScratchFolder { folder in
        try compare(frames.map { $0.bytes(isSingle: isSingle) }, isSingle, folder, withPeers)
      }
    }
  }

  static func compare(_ frames: [[UInt8]], _ isSingle: Bool, _ folder: URL, _ withPeers: Bool) throws {
    let frameSize = frames[0].count
    let perChunk = (1 << 20) / frameSize
    let source = folder.appending(path: "frames.bin")
    var raw = Data(capacity: frames.count * frameSize)
    for frame in frames { raw.append(contentsOf: frame) }
    try raw.write(to: source)
    let megabytes = Double(raw.count) / 1e6
    let (zstd, size) = libzstd(raw, chunk: perChunk * frameSize)
    say(
      String(
        format: "\nframes of %d KB, chunks of %d, ratio %.3f; in brackets by processor time of all threads",
        frameSize >> 10, perChunk, Double(raw.count) / Double(size)))
    func line(_ name: String, _ writing: Timing, _ cold: Timing? = nil, _ warm: Timing? = nil) {
      let windows = cold.flatMap { cold in
        warm.map { warm in
          String(
            format: ", window of %d %6.3f ms [%6.3f], cached %6.3f [%6.3f]", window, cold.wall * 1e3,
            cold.processor * 1e3, warm.wall * 1e3, warm.processor * 1e3)
        }
      }
      say(
        "  " + name.padding(toLength: 26, withPad: " ", startingAt: 0)
          + String(format: "writing %5.0f [%5.0f] MB/s", megabytes / writing.wall, megabytes / writing.processor)
          + (windows ?? ""))
    }
    line("libzstd, a call a chunk", zstd)
    let field = TrajectoryField(
      name: "rho", shape: [DeepQuench.sites, DeepQuench.sites], dataType: isSingle ? .complex64 : .complex128,
      dimensionNames: ["site", "site_2"])
    var store = folder.appending(path: "h.zarr")
    var stores = 0
    for threads in [1, 2] {
      let writing = Timing {
        stores += 1
        store = folder.appending(path: "h\(stores).zarr")
        let writer = try! TrajectoryStoreWriter(
          creating: store, layout: TrajectoryStoreLayout(fields: [field], threads: threads))
        for (index, frame) in frames.enumerated() {
          try! writer.append(trajectory: 0, time: Double(index)) { $1.copyBytes(from: frame) }
        }
        try! writer.close()
      }
      let warm = try windows(store, cache: 512 << 20, field)
      let cold = try windows(store, cache: 0, field, threads: threads)
      line("holstream, \(threads) threads", writing, cold, warm)
      guard withPeers,
        let peer = try peer([
          source.path, folder.path, "\(threads)", isSingle ? "complex64" : "complex128", "\(perChunk)",
        ])
      else { continue }
      for name in ["zarr", "tensorstore"] {
        func timing(_ what: String) -> Timing {
          Timing(wall: peer["\(name) \(what)"]!, processor: peer["\(name) \(what) processor"]!)
        }
        line("\(name), \(threads) threads", timing("write"), timing("cold"), timing("warm"))
      }
    }
  }

  /// libzstd alone, one call a chunk, on the bytes as they lie in memory.
  static func libzstd(_ raw: Data, chunk: Int) -> (time: Timing, bytes: Int) {
    var compressed = [UInt8](repeating: 0, count: ZSTD_compressBound(chunk))
    let context = ZSTD_createCCtx()
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 1)
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    var size = 0
    let time = Timing {
      raw.withUnsafeBytes { raw in
        size = 0
        for k in 0..<(raw.count / chunk) {
          size += ZSTD_compress2(context, &compressed, compressed.count, raw.baseAddress! + k * chunk, chunk)
        }
      }
    }
    return (time, size)
  }

  /// Time of a random window, in batches of 32 by all cores when there is more than one thread.
  static func windows(_ store: URL, cache: Int, _ field: TrajectoryField, threads: Int = 1) throws -> Timing {
    let reader = try TrajectoryStoreReader(store, cacheLimit: cache)
    var state: UInt64 = 1
    let starts = (0..<512).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % (count - window)
    }
    let size = window * field.numbersPerFrame
    var target = [Float](repeating: 0, count: 32 * size)
    return Timing(repeats: 3) {
      target.withUnsafeMutableBufferPointer { target in
        if threads > 1 {
          for batch in stride(from: 0, to: starts.count, by: 32) {
            try! reader.read(
              field.name,
              windows: starts[batch..<batch + 32].map { .init(trajectory: 0, frames: $0..<$0 + window) }, into: target)
          }
        } else {
          let target = UnsafeMutableBufferPointer(rebasing: target[..<size])
          for start in starts {
            try! reader.read(field.name, trajectory: 0, frames: start..<start + window, into: target)
          }
        }
      }
    } / starts.count
  }

  /// Seconds of the Python peers; nil, with a message, without their environment.
  static func peer(_ arguments: [String]) throws -> [String: Double]? {
    let process = Process()
    process.executableURL = URL(filePath: ".venv/bin/python")
    process.arguments = ["tools/Benchmarks/peers/store.py"] + arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let peer = try? JSONDecoder().decode([String: Double].self, from: output)
    if peer == nil { say("the Python peer failed; tools/benchmark makes its environment") }
    return peer
  }
}
