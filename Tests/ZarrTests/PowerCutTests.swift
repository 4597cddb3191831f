import Foundation
import TestSupport
import Testing

@testable import Zarr

@Suite("A power cut")
struct PowerCutTests {
  /// 20 cuts with HOLSTREAM_LONG_TESTS=1.
  private static let cuts = ProcessInfo.processInfo.environment["HOLSTREAM_LONG_TESTS"] == nil ? 3 : 20
  private static let layout = TrajectoryStoreLayout(
    fields: [TrajectoryField(name: "x", shape: [32], dataType: .float64, dimensionNames: ["site"])], framesPerChunk: 16,
    synchronised: .every(.milliseconds(300)), attributes: ["name": .string("cut")])

  private static func frame(_ trajectory: Int, _ index: Int) -> [Double] {
    (0..<32).map { Double(trajectory) * 1e6 + Double(index) + Double($0 * $0 * index % 977) / 1024 }
  }

  @Test(
    "A file system that is cut at random instants keeps every frame that the writer knew to be on the disk, from the first on",
    .enabled(if: LoopDisk.isAvailable, "a loop device needs root"), .timeLimit(.minutes(30)))
  func cuts() async throws {
    try await withTemporaryDirectory { folder in
      let disk = try LoopDisk(
        folder.appending(path: "disk.img"), megabytes: 24, mountedAt: folder.appending(path: "disk"))
      var random = SystemSeeded(7)
      var images: [(image: URL, known: [Int])] = []
      // A scope of its own: a writer keeps its store's folder open.
      do {
        let writer = try TrajectoryStoreWriter(creating: disk.folder.appending(path: "s.zarr"), layout: Self.layout)
        var appended = 0
        for number in 0..<Self.cuts {
          // What is on its way to the disk when the power is cut is up to the threads of writer and system.
          for index in appended..<(appended + Int.random(in: 0..<200, using: &random)) {
            for trajectory in 0..<2 {
              try writer.append(trajectory: trajectory, time: Double(index), ["x": Self.frame(trajectory, index)])
            }
            appended = index + 1
          }
          if number % 3 == 1 {
            try writer.settle()
            try writer.synchronise()
            #expect(writer.synchronisedLength(0) == appended / 16 * 16)
          }
          let known = (0..<2).map { writer.synchronisedLength($0) }
          let image = folder.appending(path: "cut-\(number).img")
          try disk.cut(to: image)
          images.append((image, known))
        }
        try writer.close()
      }
      try disk.unmount()
      #expect(images.last!.known[0] > 0)
      for (number, cut) in images.enumerated() {
        let copy = try LoopDisk(existing: cut.image, mountedAt: folder.appending(path: "cut-\(number)"))
        let store = copy.folder.appending(path: "s.zarr")
        let recovery = try StoreRecovery(store)
        let inspection = try StoreInspection(store, verify: true)
        #expect(inspection.damage == [], "cut \(number): \(recovery.map { "\($0)" } ?? "nothing was mended")")
        for trajectory in 0..<2 {
          let length = inspection.reader.length(trajectory)
          #expect(length >= cut.known[trajectory], "cut \(number)")
          guard length > 0 else { continue }
          let stored = try inspection.reader.read("x", trajectory: trajectory, frames: 0..<length)
          #expect(stored == (0..<length).flatMap { Self.frame(trajectory, $0) }, "cut \(number)")
        }
        try copy.unmount()
      }
    }
  }
}
