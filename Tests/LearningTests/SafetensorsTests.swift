import Foundation
import TestSupport
import Testing

@testable import Learning

struct SafetensorsTests {
  private func file(_ header: String, body: Int = 8) -> Data {
    var data = Data()
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(contentsOf: header.utf8)
    data.append(Data(repeating: 0, count: body))
    return data
  }

  @Test("What was written is read again, and the same content gives the same bytes")
  func roundTrip() throws {
    let written = Safetensors(
      tensors: [
        "b": .init([1, -2.5], shape: [2]), "a": .init([.nan], shape: []), "empty": .init([], shape: [0, 3]),
        "bytes": .init(type: "U8", shape: [3], bytes: Data([1, 2, 3])),
      ], metadata: ["z": "quotes \" and \\ and ü", "a": "1"])
    let data = try written.encoded()
    // Eight bytes of length, a header padded to eight, then 15 bytes of numbers.
    #expect(data.count % 8 == 7)
    #expect(try written.encoded() == data)
    let read = try Safetensors(data)
    #expect(read == written)
  }

  @Test(
    "A file that breaks a rule of the format is refused",
    arguments: [
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x"#,
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#,
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
      #"{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":[1]}}"#,
      #"{"a":{"dtype":"F32","shape":[2]}}"#, #"{"__metadata__":{"k":1}}"#, #"["a"]"#, #"{"a":"#, #"{"a"#, "", #"{"\"#,
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
    ])
  func malformed(header: String) {
    #expect(throws: LearningError.self) { try Safetensors(file(header)) }
  }

  @Test("What cannot be read and what cannot be written are different errors, and both name the file")
  func permissions() async throws {
    try await withTemporaryDirectory { folder in
      let missing = folder.appending(path: "none/weights.safetensors")
      let reading = #expect(throws: LearningError.self) { try Safetensors(contentsOf: missing) }
      #expect(reading?.code == .unreadable)
      #expect(reading?.message.contains("none/weights.safetensors") == true)
      let writing = #expect(throws: LearningError.self) { try Safetensors().write(to: missing) }
      #expect(writing?.code == .unwritable)
      #expect(writing?.message.contains("none/weights.safetensors") == true)
      #expect(#expect(throws: LearningError.self) { try Safetensors(contentsOf: folder) }?.code == .unreadable)
    }
  }

  @Test("Short files, absurd header lengths and headers that are not UTF-8 are refused")
  func truncated() {
    #expect(throws: LearningError.self) { try Safetensors(Data()) }
    #expect(throws: LearningError.self) { try Safetensors(Data([1, 2, 3])) }
    #expect(throws: LearningError.self) { try Safetensors(Data(repeating: 0xFF, count: 64)) }
    #expect(throws: LearningError.self) { try Safetensors(Data([2, 0, 0, 0, 0, 0, 0, 0, 0xC3, 0x28])) }
    #expect(throws: LearningError.self) { try Safetensors(contentsOf: URL(filePath: "/nonexistent/file")) }
  }

  /// A file that is mostly a hole: a header, and a size.
  private func sparse(_ header: String, claims: UInt64? = nil, size: Int, at url: URL) throws {
    var data = file(header, body: 0)
    if let claims { withUnsafeBytes(of: claims.littleEndian) { data.replaceSubrange(0..<8, with: $0) } }
    try data.write(to: url)
    guard truncate(url.path, size) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }

  @Test("Of a huge file the header alone is read: its size, its claims and its names are checked before its numbers")
  func sparseFiles() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "huge.safetensors")
      // More numbers than this machine has memory for: had they been read, the test would not come to its end.
      let count = 1 << 40
      let header = #"{"a":{"dtype":"F32","shape":[\#(count)],"data_offsets":[0,\#(4 * count)]}}"#
      try sparse(header, size: 8 + header.utf8.count + 4 * count, at: url)
      let tensor = try #require(try Safetensors(contentsOf: url).tensors["a"])
      #expect(tensor.shape == [count])
      #expect(
        #expect(throws: LearningError.self) { try ModelCatalogue.model(contentsOf: url) }?.code == .checkpointMismatch)
      #expect(#expect(throws: LearningError.self) { try Checkpoint(contentsOf: url) }?.code == .checkpointMismatch)
      for claims in [UInt64(5) << 30, .max, 1 << 63, 90_000_000] {
        try sparse(header, claims: claims, size: 1 << 40, at: url)
        #expect(#expect(throws: LearningError.self) { try Safetensors(contentsOf: url) }?.code == .malformedFile)
      }
    }
  }

  @Test("A file that became shorter after it was opened has no such numbers any more; a pipe is no file")
  func shortened() async throws {
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "a.safetensors")
      try Safetensors(tensors: ["a": .init([1, 2], shape: [2]), "b": .init([3], shape: [1])]).write(to: url)
      let file = try Safetensors(contentsOf: url)
      #expect(truncate(url.path, Int(try Data(contentsOf: url).count) - 4) == 0)
      #expect(file.tensors["a"]?.floats == [1, 2] && file.tensors["b"]?.floats == nil)
      let pipe = folder.appending(path: "pipe.safetensors")
      #expect(mkfifo(pipe.path, 0o600) == 0)
      #expect(#expect(throws: LearningError.self) { try Safetensors(contentsOf: pipe) }?.code == .unreadable)
    }
  }

  @Test("Every flipped byte of a checkpoint is read or refused, never a crash")
  func flippedBytes() throws {
    let trainer = try Trainer(configuration: Fixtures.configuration(.cnn, channels: 1))
    let data = try Checkpoint(model: trainer.configuration.model, parameters: trainer.parameters).safetensors()
      .encoded()
    let header = data.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
    for at in 0..<(8 + header) {
      // A quote and a digit by turns.
      var damaged = data
      damaged[at] = at % 2 == 0 ? 0x22 : 0x39
      _ = try? Checkpoint(Safetensors(damaged), name: "damaged").surrogate()
    }
  }

  @Test("Checkpoints have the published names and shapes, and read back to what they were")
  func publishedNames() async throws {
    let model = ModelConfiguration(family: .cnn)
    let ours = try Checkpoint(
      model: model, parameters: NetworkModel.initialParameters(model, seed: 1), notes: ["run": "a"]
    ).safetensors()
    #expect(ours.tensors["cnn.CNN.blocks.0.ln2.ln.bias"]?.shape == [16])
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "a.safetensors")
      try ours.write(to: file)
      #expect(try Checkpoint(contentsOf: file).notes == ["run": "a"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.safetensors"])
      #expect(throws: LearningError.self) { try ours.write(to: folder.appending(path: "missing/a.safetensors")) }
    }
  }

  @Test("The published checkpoint has the names and shapes that ours have", .enabled(if: Fixtures.hasPublished))
  func published() throws {
    let golden = try #require(Places.goldenFile("tiny_L16.safetensors"))
    let model = ModelConfiguration(family: .cnn)
    let ours = try Checkpoint(model: model, parameters: NetworkModel.initialParameters(model, seed: 1)).safetensors()
    let published = try Safetensors(contentsOf: golden)
    #expect(Set(published.tensors.keys) == Set(ours.tensors.keys))
    for (name, tensor) in published.tensors { #expect(ours.tensors[name]?.shape == tensor.shape, "\(name)") }
    for name in ["cnn.in_scale_rho", "cnn.out_scale_P"] {
      #expect(try Checkpoint(contentsOf: golden).safetensors().tensors[name] == published.tensors[name])
    }
  }

  @Test(
    "The published sizes of networks are met",
    arguments: [
      (ModelFamily.cnn, 16, 1, 5364), (.parc, 16, 2, 20136), (.parc, 32, 2, 77128), (.parc, 128, 4, 2_375_944),
    ])
  func sizes(family: ModelFamily, channels: Int, blocks: Int, parameters: Int) throws {
    #expect(try ModelConfiguration(family: family, channels: channels, blocks: blocks).parameterCount == parameters)
  }

  @Test("What is no file, or larger than any model, is refused unread")
  func noFile() async throws {
    #expect(throws: LearningError.self) { try Safetensors(contentsOf: URL(filePath: "/dev/zero")) }
    #expect(throws: LearningError.self) { try Safetensors(contentsOf: URL(filePath: "/")) }
    try await withTemporaryDirectory { folder in
      let url = folder.appending(path: "large.safetensors")
      try Data().write(to: url)
      // Takes no room on the disk.
      #expect(truncate(url.path, 1 << 40) == 0)
      #expect(throws: LearningError.self) { try Safetensors(contentsOf: url) }
    }
  }
}
