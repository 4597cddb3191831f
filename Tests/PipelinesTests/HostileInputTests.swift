import Dashboard
import Foundation
import TestSupport
import Testing

/// Every reader of what comes from outside gives a value or an error: it never ends the program, and never takes long or
/// much memory. Some thousands of inputs each; `tools/fuzz` makes it a million.
@Suite("Hostile input", .timeLimit(.minutes(60)))
struct HostileInputTests {
  /// No input takes longer, on a machine that does other things as well.
  private static let longest = Duration.seconds(60)

  private func expect(
    _ reader: HostileReader, _ count: Int, corpus: [[UInt8]], words: [String], longest: Int = 1 << 16,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try HostileRounds(reader.rawValue, count).run(corpus: corpus, words: words, longest: longest) {
      try reader.read($0)
    }
    #expect(outcome.understood > 0 && outcome.understood < outcome.inputs, "\(outcome)", sourceLocation: sourceLocation)
    #expect(outcome.slowest < Self.longest, "\(outcome)", sourceLocation: sourceLocation)
  }

  @Test("Pipeline files")
  func yaml() throws {
    try expect(.yaml, 300, corpus: HostileCorpus.pipelines(), words: HostileCorpus.pipelineWords)
  }

  @Test("Text as YAML, without what a pipeline means by it")
  func yamlText() throws {
    try expect(.yamlText, 1000, corpus: HostileCorpus.pipelines(), words: HostileCorpus.pipelineWords)
  }

  @Test("Lines of JSON, and of our own logs")
  func jsonLines() throws {
    try expect(.jsonLines, 3000, corpus: HostileCorpus.lines, words: HostileCorpus.lineWords)
  }

  @Test("Tables as CSV")
  func csv() throws { try expect(.csv, 3000, corpus: HostileCorpus.tables, words: HostileCorpus.tableWords) }

  @Test("Checkpoints, from their header to the model")
  func safetensors() throws {
    try expect(.safetensors, 2000, corpus: HostileCorpus.checkpoints(), words: HostileCorpus.checkpointWords)
  }

  @Test("Metadata of arrays, and a chunk of what they claim")
  func zarrMetadata() throws {
    try expect(.zarrMetadata, 3000, corpus: HostileCorpus.metadata(), words: HostileCorpus.metadataWords)
  }

  @Test("Chunks")
  func zarrChunks() throws {
    try expect(.zarrChunks, 3000, corpus: HostileCorpus.chunks(), words: ["\u{0}\u{0}\u{0}\u{0}", "\u{1}\u{8}"])
  }

  @Test("Requests to the page")
  func http() throws {
    try expect(
      .http, 3000, corpus: HostileCorpus.requests, words: HostileCorpus.requestWords, longest: 8192)
  }

  @Test("An input is made by its number alone, as often as one likes")
  func repeatable() {
    let mutator = Mutator(corpus: HostileCorpus.lines, words: HostileCorpus.lineWords, seed: 3)
    #expect((0..<50).map { mutator.input($0) } == (0..<50).reversed().map { mutator.input($0) }.reversed())
    #expect(Set((0..<200).map { mutator.input($0) }).count > 150)
    #expect((0..<2000).allSatisfy { mutator.input($0).count <= mutator.longest })
  }
}
