import Foundation
import TestSupport
import Testing

@testable import Zarr

@Suite("A store after a loss of power")
struct PowerLossTests {
  /// A store of one trajectory of 23 frames, chunks of 5, and what a loss of power leaves of it.
  private func withStore(_ body: (URL) throws -> Void) async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      let writer = try TrajectoryStoreWriter(creating: url, layout: TrajectoryStoreTests.layout)
      for index in 0..<23 {
        try writer.append(trajectory: 0, time: Double(index), TrajectoryStoreTests.frame(0, index))
      }
      try writer.close()
      #expect(writer.synchronisedLength(0) == 23)
      try body(url)
    }
  }

  private func empty(_ url: URL, _ names: String...) throws {
    for name in names { try Data().write(to: url.appending(path: name)) }
  }

  private func check(_ url: URL, _ frames: Int) throws {
    let inspection = try StoreInspection(url, verify: true)
    #expect(inspection.damage == [] && inspection.reader.length(0) == frames)
    for index in 0..<frames {
      for name in ["rho", "Q"] {
        #expect(
          try inspection.reader.read(name, trajectory: 0, frames: index..<index + 1)
            == TrajectoryStoreTests.frame(0, index)[name])
      }
    }
    #expect(inspection.reader.attributes["g"] == .number(0.8))
  }

  @Test("After a clean end nothing is looked for and nothing is found")
  func clean() async throws {
    try await withStore { url in
      #expect(StoreLayoutNote.synchronised(of: url) == [23])
      let recovery = try StoreRecovery(url)
      #expect(recovery == nil)
      let none = try StoreRecovery(url.deletingLastPathComponent().appending(path: "none.zarr"))
      #expect(none == nil)
    }
  }

  @Test("Empty chunks beyond what is known to be on the disk are taken off the length, and the loss is told")
  func cutShort() async throws {
    try await withStore { url in
      try StoreLayoutNote.note(synchronised: [10], of: url)
      try empty(url, "Q/c.0.3.0", "rho/c.0.4.0.0")
      let recovery = try #require(try StoreRecovery(url))
      #expect(recovery.framesLost == 8)
      #expect("\(recovery)".contains("8 frames of trajectory 0, of which 15 are left, had not reached the disk"))
      try check(url, 15)
      #expect(try StoreRecovery(url) == nil)
      // Writing goes on where the loss begins.
      let writer = try TrajectoryStoreWriter(resuming: url)
      for index in writer.appendedLength(0)..<23 {
        try writer.append(trajectory: 0, time: Double(index), TrajectoryStoreTests.frame(0, index))
      }
      try writer.close()
      try check(url, 23)
    }
  }

  @Test("What is known to be on the disk is not read again")
  func known() async throws {
    try await withStore { url in
      try StoreLayoutNote.note(synchronised: [20], of: url)
      try empty(url, "Q/c.0.1.0")
      #expect(try StoreRecovery(url) == nil)
      #expect(try StoreInspection(url, verify: true).damage?.map(\.frame) == [5])
    }
  }

  @Test("Lengths that are empty are found again from the chunks, as far as these are whole")
  func emptyLengths() async throws {
    try await withStore { url in
      try empty(url, "length/c.0", "time/c.0.4")
      #expect(throws: StoreError.self) { try TrajectoryStoreReader(url) }
      let recovery = try #require(try StoreRecovery(url))
      #expect("\(recovery)".contains("lengths had been lost"))
      try check(url, 20)
    }
  }

  @Test(
    "Metadata that is empty is made again from the note beside the store, or from its layout, and refused without either",
    arguments: [
      ["zarr.json"], ["rho/zarr.json"], ["zarr.json", "rho/zarr.json", "time/zarr.json", "length/zarr.json"],
    ])
  func metadata(names: [String]) async throws {
    for source in ["note", "layout", "neither", "another"] {
      try await withStore { url in
        if source != "note" { StoreLayoutNote.forget(url) }
        for name in names { try empty(url, name) }
        #expect(throws: (any Error).self) { try TrajectoryStoreReader(url) }
        var layout = TrajectoryStoreTests.layout
        if source == "another" { layout.framesPerChunk = 7 }
        let given = source == "layout" || source == "another" ? layout : nil
        if source == "neither" || (source == "another" && names != ["zarr.json"]) {
          let error = #expect(throws: StoreError.self) { try StoreMetadataRepair(planning: url) { given } }
          #expect(error?.code == .corrupt)
          #expect(try Data(contentsOf: url.appending(path: names[0])).isEmpty, "nothing was changed")
          return
        }
        let repair = try #require(try StoreMetadataRepair(planning: url) { given })
        #expect(Set(repair.lost) == Set(names))
        #expect(try Data(contentsOf: url.appending(path: names[0])).isEmpty, "a plan changes nothing")
        try repair.apply()
        #expect(try StoreMetadataRepair(planning: url) == nil)
        _ = try StoreRecovery(url)
        try check(url, 23)
      }
    }
  }

  @Test("Lengths that are empty, and no chunk that is whole: a store without frames, which is gone on with")
  func nothingLeft() async throws {
    try await withStore { url in
      try empty(url, "length/c.0", "Q/c.0.0.0")
      _ = try StoreRecovery(url)
      try check(url, 0)
      let writer = try TrajectoryStoreWriter(resuming: url)
      for index in 0..<23 {
        try writer.append(trajectory: 0, time: Double(index), TrajectoryStoreTests.frame(0, index))
      }
      try writer.close()
      try check(url, 23)
    }
  }

  @Test("A store so young that no trajectory was reported yet is gone on with, whatever is left of its lengths")
  func young() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      try TrajectoryStoreWriter(creating: url, layout: TrajectoryStoreTests.layout).close()
      try empty(url, "length/c.0")
      _ = try StoreRecovery(url)
      let writer = try TrajectoryStoreWriter(resuming: url)
      #expect(!FileManager.default.fileExists(atPath: url.appending(path: "length/c.0").path))
      for index in 0..<23 {
        try writer.append(trajectory: 0, time: Double(index), TrajectoryStoreTests.frame(0, index))
      }
      try writer.close()
      try check(url, 23)
    }
  }

  @Test("Shapes that are behind the lengths grow to what the chunks hold")
  func shapes() async throws {
    try await withStore { url in
      let file = url.appending(path: "rho/zarr.json")
      let text = try String(contentsOf: file, encoding: .utf8).replacingOccurrences(
        of: "[1, 23, 4, 4]", with: "[1, 5, 4, 4]")
      try text.write(to: file, atomically: true, encoding: .utf8)
      #expect(throws: StoreError.self) { try TrajectoryStoreReader(url) }
      #expect(try StoreRecovery(url)?.rebuilt == ["rho/zarr.json"])
      try check(url, 23)
    }
  }

  @Test(
    "A store that is removed or renamed while it is written is an error, and is not made anew",
    arguments: ["removed", "renamed", "emptied", "replaced"])
  func takenAway(how: String) async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      let aside = folder.appending(path: "aside.zarr")
      let writer = try TrajectoryStoreWriter(creating: url, layout: TrajectoryStoreTests.layout)
      func append(_ frames: Range<Int>) throws {
        for index in frames {
          try writer.append(trajectory: 0, time: Double(index), TrajectoryStoreTests.frame(0, index))
        }
      }
      try append(0..<10)
      try writer.settle()
      switch how {
      case "removed": try FileManager.default.removeItem(at: url)
      case "emptied": try FileManager.default.removeItem(at: url.appending(path: "zarr.json"))
      case "replaced":
        try FileManager.default.moveItem(at: url, to: aside)
        try FileManager.default.copyItem(at: aside, to: url)
      default: try FileManager.default.moveItem(at: url, to: aside)
      }
      let error = #expect(throws: StoreError.self) {
        try append(10..<15)
        try writer.flush()
      }
      #expect(error?.code == .removed)
      #expect(
        error?.description.contains("s.zarr") == true && error?.description.contains("removed or renamed") == true)
      #expect(throws: StoreError.self) { try writer.close() }
      if how == "removed" || how == "renamed" { #expect(!FileManager.default.fileExists(atPath: url.path)) }
      if how == "renamed" { #expect(try TrajectoryStoreReader(aside).length(0) == 10) }
    }
  }

  @Test("A store that is taken away after its last frame was stored is an error at the end")
  func takenAwayAtTheEnd() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "s.zarr")
      let writer = try TrajectoryStoreWriter(creating: url, layout: TrajectoryStoreTests.layout)
      for index in 0..<5 { try writer.append(trajectory: 0, time: 0, TrajectoryStoreTests.frame(0, index)) }
      try writer.flush()
      try FileManager.default.removeItem(at: url)
      #expect(throws: StoreError.self) { try writer.close() }
    }
  }
}
