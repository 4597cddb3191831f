import Foundation
import TestSupport
import Trajectories

@testable import Learning
@testable import Zarr

/// Sound and odd inputs of every reader, and the words of their formats.
enum HostileCorpus {
  static func bytes(_ texts: [String]) -> [[UInt8]] { texts.map { Array($0.utf8) } }

  static func pipelines() throws -> [[UInt8]] {
    let folder = Places.package.appending(path: "pipelines")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
      .sorted()
    return try files.map { try [UInt8](Data(contentsOf: folder.appending(path: $0))) }
      + bytes([
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n? *c\n: 1\n", "{a: [b, {c: d}], ? [e] : 'f'}", "- - - a\n",
        "a: |\n  text\n  more\nb: >-\n  folded\nc: !!str 3\n", "--- \na: 1\n...\n---\nb: 2\n",
        "%YAML 1.1\n---\na: \"\\u263A\"\n",
        "sources:\n  a:\n    simulate: { system: lorenz-63, trajectories: 3, frames: 20 }\nsinks:\n  b: { from: a, zarr: {} }\n",
        "sources:\n  l: { tail: { path: a.csv, columns: [x, y] } }\nstages:\n  s: { from: l, states: { columns: [x, y] } }\n",
      ])
  }

  static let pipelineWords = [
    ": ", "- ", "? ", "[", "]", "{", "}", ",", "&a ", "*a", "<<: *a", "!!", "!!map ", "|", ">", "'", "\"", "#", "---\n",
    "...\n",
    "\n", "\n  ", "\t", "%YAML 1.2\n", "~", "sources:", "stages:", "sinks:", "from: ", "zarr: ", "holstein: ",
    "simulate: ",
    "trajectories: ", "frames: ", "sites: ", "curriculum: ", "batches: ", "window: ", "keep: last 5 trajectories",
    "10 GB",
    "200ms", "system: lorenz-96", "model: { family: mlp }", "online-trainer: ", "verdict: ", "tail: ", "states: ",
    "every: ",
    "schedule: { shape: points, points: [{ time: 1, g: 2 }] }", "\\x00", "\\uD800", "\u{FEFF}", "\u{2028}",
  ]

  static let lines = bytes([
    "{\"trajectory\":3,\"time\":0.5,\"x\":1,\"y\":-2e3,\"s\":\"NaN\",\"t\":null}\n{\"time\":\"2000-12-31T23:59:59Z\",\"x\":3}\n",
    "{\"time\":\"2000-12-31 23:59:59.125+01:00\",\"x\":true,\"y\":[1,{\"z\":2}]}\n", "{}\n", "[1]\n", "null\n",
    "{\"seq\":12,\"step\":600,\"loss\":0.013,\"crc\":\"1c9e2f07\"}\n",
    "{\"seq\":0,\"crc\":\"00000000\"}\n{\"seq\":1}\n",
  ])
  static let lineWords = [
    "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u0000", "\\ud800", "\\udc00", "null", "true", "\"x\":", "\"time\":",
    "\"trajectory\":", "\"seq\":", ",\"crc\":\"", "\n", "2000-12-31T23:59:59Z", "9999-99-99T99:99:99Z", "+99:99",
    "\u{FEFF}",
  ]

  static let tables = bytes([
    "time,trajectory,x,y\n0,0,1,2\n1,0,,-3e5\n2,1,nan,inf\n",
    "time,x\n2000-12-31T23:59:59Z,1\n2000-12-31 23:59:59.5,2\n",
    "x\n1\n2\n", "\"a,b\",c\n1,2\n", "a,a,a\r\n1,2,3\r\n", ",,,\n,,,\n",
  ])
  static let tableWords = [
    ",", "\n", "\r\n", "\"", ";", "time", "trajectory", "frame", "seq", "nan", "inf", "0x1p1023",
    "2000-02-30T00:00:00Z",
    "2000-12-31T23:59:60Z", "0000-00-00 00:00:00", "-", "e", "\u{FEFF}", "\u{0}",
  ]

  static func checkpoints() throws -> [[UInt8]] {
    var corpus = [
      try [UInt8](
        Safetensors(
          tensors: [
            "a": .init([1, 2, 3, 4], shape: [2, 2]), "b": .init([Float](), shape: [0]),
            "c": .init(type: "I64", shape: [1], bytes: Data(count: 8)),
          ], metadata: ["format": "pt", "step": "7"]
        ).encoded())
    ]
    let layout = StateLayout([Field("x", shape: [4])], domain: .ring(4))
    for configuration in [
      ModelConfiguration(PerceptronSettings(width: 4, layers: 2), layout: layout),
      ModelConfiguration(family: .cnn, channels: 2),
    ] {
      let count = try ModelCatalogue.type(configuration.family, for: configuration.layout)
        .parameterLayout(configuration).count
      let model = try ModelCatalogue.model(configuration, parameters: Array(repeating: 0.5, count: count))
      corpus.append(try [UInt8](model.safetensors().encoded()))
    }
    let folder = Places.data.appending(path: "learning")
    corpus.append(try [UInt8](Data(contentsOf: folder.appending(path: "earlier-anomaly.safetensors"))))
    return corpus
  }
  static let checkpointWords = [
    "{", "}", "[", "]", ":", ",", "\"", "\\", "\\u0000", "\"dtype\":", "\"F32\"", "\"F64\"", "\"I64\"", "\"shape\":",
    "\"data_offsets\":[0,16]", "\"__metadata__\":{", "[0,0]", "\\\"", "channels", "blocks", "width", "layout", "family",
  ]

  static func metadata() throws -> [[UInt8]] {
    var metadata = ArrayMetadata(
      shape: [3, 9], dataType: .complex64, chunkShape: [1, 4],
      codecs: CodecChain([.blosc(Blosc(typeSize: 8))], dataType: .complex64, transposition: Transposition([1, 0])),
      dimensionNames: ["a", "b"])
    let plain = try [UInt8](JSONEncoder().encode(metadata.json))
    metadata.sharding = Sharding(shardShape: [3, 8], chunkShape: [1, 4])
    metadata.attributes["x"] = .number(1)
    return [plain, try [UInt8](JSONEncoder().encode(metadata.json))]
  }
  static let metadataWords = [
    "{", "}", "[", "]", ":", ",", "\"", "null", "\"shape\":", "\"chunk_shape\":", "\"float64\"", "\"complex128\"",
    "\"bytes\"",
    "\"sharding_indexed\"", "\"transpose\"", "\"order\":[0,1]", "\"zstd\"", "\"gzip\"", "\"crc32c\"", "\"blosc\"",
    "\"codecs\":", "\"index_codecs\":", "\"fill_value\":\"0x7fc00000\"", "\"dimension_names\":",
    "\"node_type\":\"group\"",
    "{\"name\":\"bytes\",\"configuration\":{\"endian\":\"little\"}}", "\"must_understand\":false", "\\ud800",
  ]

  /// The first byte names the codecs.
  static func chunks() throws -> [[UInt8]] {
    let plain = (0..<4096).map { UInt8(truncatingIfNeeded: $0 * $0 / 4096) }
    return try [0, 1, 3, 4, 5].map { number in
      let chain = try HostileReader.chain(number)
      return plain.withUnsafeBytes { chain.encode($0, shape: [512]).withBytes { [UInt8(number)] + Array($0) } }
    }
  }

  static let requests = bytes([
    "GET /events?token=a%2Fb&x HTTP/1.1\r\nHost: localhost:8480\r\nCookie: a=b; holstream-8480=x\r\nAccept: */*\r\n\r\n",
    "HEAD / HTTP/1.0\r\n\r\n", "GET /metrics HTTP/1.1\r\nHost: [::1]:8480\r\nAuthorization: Bearer s3cret\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nSec-Fetch-Site: same-origin\r\n\r\n",
    "POST /api/state HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ])
  static let requestWords = [
    "\r\n", "\r\n\r\n", "\r", "\n", " ", "\t", ":", ": ", "%", "%00", "%2F", "%zz", "%C3", "?", "&", "=", ";", "/",
    "//", "/../",
    "Host: ", "Content-Length: ", "Transfer-Encoding: chunked", "Cookie: ", "holstream-8480=", "Authorization: Bearer ",
    "Origin: ", "Sec-Fetch-Site: cross-site", "HTTP/1.1", "HTTP/1.0", "GET ", "localhost", "127.0.0.1", "[::1]",
    "\u{0}",
  ]
}
