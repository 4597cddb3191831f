import Foundation
import Streams

@testable import Dashboard
@testable import Learning
@testable import Pipelines
@testable import Zarr

/// The readers of what comes from outside, each as a function of bytes.
enum HostileReader: String, CaseIterable {
  case yaml
  case yamlText = "yaml-text"
  case jsonLines = "json-lines"
  case csv, safetensors
  case zarrMetadata = "zarr-metadata"
  case zarrChunks = "zarr-chunks"
  case http

  /// - Returns: Whether the input was understood.
  /// - Throws: What the reader says to input that it refuses.
  func read(_ input: [UInt8]) throws -> Bool {
    switch self {
    case .yaml:
      _ = try PipelineDescription(text: String(decoding: input, as: UTF8.self))
      return true
    case .yamlText:
      let file = try ConfigurationFile(text: String(decoding: input, as: UTF8.self), name: "p.yaml")
      // What is kept beside a run's results must be readable again.
      _ = try ConfigurationFile(text: file.resolvedText, name: "pipeline.yaml")
      return true
    case .jsonLines: return try lines(of: input, isCSV: false)
    case .csv: return try lines(of: input, isCSV: true)
    case .safetensors:
      let file = try Safetensors(Data(input))
      _ = try? ModelCatalogue.model(file, name: "a")
      _ = try? Checkpoint(file, name: "a")
      return true
    case .zarrMetadata:
      let array = try ArrayMetadata(JSONDecoder().decode(JSONValue.self, from: Data(input)), path: "a")
      _ = array.chunkKey(array.shape)
      // What a chunk may take is bounded, but too much for each of a million.
      guard array.chunkByteCount <= 1 << 20 else { return true }
      _ = try? array.codecs.decode(
        Array(input.prefix(512)), size: array.chunkByteCount, shape: array.chunkShape, path: "a")
      return true
    case .zarrChunks:
      guard let first = input.first else { return false }
      let chain = try Self.chain(Int(first))
      return try chain.decode(Array(input.dropFirst()), size: 4096, shape: [512], path: "a").count == 4096
    case .http:
      guard let end = HTTPRequest.end(of: input, from: 0) else { return false }
      let request = try HTTPRequest(head: input[..<end])
      // The chart library is a file of the system; all other answers are made here.
      if !request.path.hasPrefix("/charts/") { _ = Self.routes.response(to: request).head }
      return true
    }
  }

  private func lines(of input: [UInt8], isCSV: Bool) throws -> Bool {
    var parser = ObservationParser(isCSV: isCSV, columns: nil, trajectory: "trajectory", time: "time")
    var understood = false
    for line in String(decoding: input, as: UTF8.self).split(separator: "\n") {
      if case .observation = try parser.parse(String(line)) { understood = true }
      if !isCSV { _ = try? JSONLine(parsing: String(line)) }
    }
    return understood
  }

  /// One of the codec chains, which the first byte of an input names.
  static func chain(_ number: Int) throws -> CodecChain {
    let bytes = #"{"name":"bytes","configuration":{"endian":"little"}}"#
    let blosc =
      #"{"name":"blosc","configuration":{"typesize":8,"cname":"zstd","clevel":3,"shuffle":"shuffle","blocksize":0}}"#
    let chains = [
      #"[\#(bytes),{"name":"zstd","configuration":{"level":1,"checksum":true}}]"#, "[\(bytes),\(blosc)]",
      #"[\#(bytes),{"name":"gzip","configuration":{"level":5}}]"#, #"[\#(bytes),{"name":"crc32c"}]"#,
      #"[\#(bytes),{"name":"zstd","configuration":{"level":1,"checksum":false}},{"name":"crc32c"}]"#, "[\(bytes)]",
    ]
    let json = try JSONDecoder().decode([JSONValue].self, from: Data(chains[number % chains.count].utf8))
    return try CodecChain(json, dataType: .float64, rank: 1, path: "a")
  }

  private static let routes: DashboardRoutes = {
    let settings = DashboardServer.Settings(token: "s3cret", charts: URL(filePath: "/nowhere"))
    let page = try! DashboardServer(
      settings, events: EventHub(), snapshot: { GraphSnapshot(nodes: [], edges: []) }, announce: { _ in })
    return DashboardRoutes(page: page, port: 8480)
  }()
}
