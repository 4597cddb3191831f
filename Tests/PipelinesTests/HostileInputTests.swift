import Dashboard
import Foundation
import TestSupport
import Testing

/// Every reader of what comes from outside gives a value or an error: it never ends the program, and never takes long or
/// much memory. Some hundreds of inputs each; `tools/fuzz` makes it a million.
@Suite("Hostile input", .timeLimit(.minutes(60)))
struct HostileInputTests {
  /// No input takes longer of the processor, in the debug build.
  private static let longest = Duration.seconds(20)

  private func expect(
    _ reader: HostileReader, _ count: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try HostileRounds(reader.rawValue, count)
      .run(corpus: reader.corpus(), words: reader.words, longest: reader.longest) { try reader.read($0) }
    #expect(outcome.understood > 0 && outcome.understood < outcome.inputs, "\(outcome)", sourceLocation: sourceLocation)
    #expect(outcome.slowest < Self.longest, "\(outcome)", sourceLocation: sourceLocation)
  }

  @Test("Pipeline files")
  func yaml() throws { try expect(.yaml, 300) }

  @Test("Text as YAML, without what a pipeline means by it")
  func yamlText() throws { try expect(.yamlText, 500) }

  @Test("Lines of JSON, and of our own logs")
  func jsonLines() throws { try expect(.jsonLines, 1000) }

  @Test("Tables as CSV")
  func csv() throws { try expect(.csv, 1000) }

  @Test("Checkpoints, from their header to the model")
  func safetensors() throws { try expect(.safetensors, 800) }

  @Test("Metadata of arrays, and a chunk of what they claim")
  func zarrMetadata() throws { try expect(.zarrMetadata, 1000) }

  @Test("Chunks")
  func zarrChunks() throws { try expect(.zarrChunks, 600) }

  @Test("Requests to the page")
  func http() throws { try expect(.http, 2000) }

  @Test("What coverage has found once, and what once did harm", arguments: HostileReader.allCases)
  func kept(reader: HostileReader) throws {
    let folder = Places.data.appending(path: "fuzz/\(reader.rawValue)")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    #expect(!files.isEmpty)
    for file in files { _ = try? reader.read([UInt8](Data(contentsOf: file))) }
  }

  @Test("An input is made by its number alone, as often as one likes")
  func repeatable() {
    let mutator = Mutator(corpus: HostileCorpus.lines, words: HostileCorpus.lineWords, seed: 3)
    #expect((0..<50).map { mutator.input($0) } == (0..<50).reversed().map { mutator.input($0) }.reversed())
    #expect(Set((0..<200).map { mutator.input($0) }).count > 150)
    #expect((0..<500).allSatisfy { mutator.input($0).count <= mutator.longest })
  }
}
