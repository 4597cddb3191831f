/// What each reader is fed with.
extension HostileReader {
  /// Sound and odd inputs, which mutations begin with.
  func corpus() throws -> [[UInt8]] {
    switch self {
    case .yaml, .yamlText: try HostileCorpus.pipelines()
    case .jsonLines: HostileCorpus.lines
    case .csv: HostileCorpus.tables
    case .safetensors: try HostileCorpus.checkpoints()
    case .zarrMetadata: try HostileCorpus.metadata()
    case .zarrChunks: try HostileCorpus.chunks()
    case .http: HostileCorpus.requests
    }
  }

  /// Words of the format.
  var words: [String] {
    switch self {
    case .yaml, .yamlText: HostileCorpus.pipelineWords
    case .jsonLines: HostileCorpus.lineWords
    case .csv: HostileCorpus.tableWords
    case .safetensors: HostileCorpus.checkpointWords
    case .zarrMetadata: HostileCorpus.metadataWords
    case .zarrChunks: ["\u{0}\u{0}\u{0}\u{0}", "\u{1}\u{8}"]
    case .http: HostileCorpus.requestWords
    }
  }

  /// The longest input in bytes: a request's head is bounded before it is read.
  var longest: Int { self == .http ? 8192 : 1 << 16 }
}
