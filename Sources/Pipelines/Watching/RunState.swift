public import Foundation
public import Streams

/// Where a run stands, for whoever looks from another terminal: the file `state.json` in its folder, written anew every
/// second while it runs and once more at its end.
public struct RunState: Codable, Sendable {
  public enum Phase: String, Codable, Sendable {
    case running
    /// It came to its own end.
    case complete
    /// It was asked to stop, and did.
    case stopped
    /// A threshold of its own stopped it.
    case alert
    case failed
    /// Its process is gone without having said anything.
    case died
    /// Nobody wrote it down: the run is of an earlier version, or never began.
    case unknown
  }

  /// The best checkpoint so far.
  public struct Best: Codable, Sendable, Equatable {
    public var step: Int
    /// What it is best by, and how good it is; smaller is better.
    public var measure: String
    public var score: Double
    /// The row of the verdict, in words.
    public var words: String?

    /// The score alone: a measure's name may be a column's of the user's, and is no part of a format.
    var shortScore: String { String(format: "%.3g", score) }
  }

  public var pipeline: String
  public var phase: Phase
  /// What there is to say of a run that has ended: why, and what to do.
  public var reason: String?
  public var program: ProgramVersion?
  /// A short name of everything that the pipeline file says, as it holds now.
  public var configuration: String?
  var process: HostProcess?
  /// When the run was begun first, and by this process.
  public var begun: Date?
  public var started: Date?
  /// How often it was begun or gone on with; nil where an earlier version counted none.
  public var starts: Int?
  /// When this was written.
  public var updated: Date?
  public var step: Int?
  public var steps: Int?
  public var loss: Double?
  public var stepsPerSecond: Double?
  /// Until the last step, as far as can be told.
  public var secondsLeft: Double?
  public var frames: Int
  /// Verdicts of this process.
  public var judged: Int
  public var best: Best?
  public var graph: GraphSnapshot?
  public var messages: [String]

  static let fileName = "state.json"

  init(pipeline: String, phase: Phase) {
    self.pipeline = pipeline
    self.phase = phase
    frames = 0
    judged = 0
    messages = []
  }

  /// As a run's folder has it; a run whose process is gone without a word has `died`.
  ///
  /// - Throws: `RunError` where the folder is no run's, or its state cannot be read.
  public init(of directory: RunDirectory) throws {
    let name = directory.url.deletingLastPathComponent().lastPathComponent
    guard FileManager.default.fileExists(atPath: directory.file("pipeline.yaml").path) else {
      throw RunError(
        .badInput, "\(directory.shown()) is no run's folder: it has no pipeline.yaml. `holstream runs` lists runs")
    }
    guard let data = try? Data(contentsOf: directory.file(Self.fileName)) else {
      self.init(pipeline: name, phase: .unknown)
      return
    }
    do { self = try Self.decoder.decode(RunState.self, from: data) } catch {
      throw RunError(.badInput, "\(directory.shown(Self.fileName)) cannot be read; a newer version may have written it")
    }
    if phase == .running, process?.isAlive == false { phase = .died }
  }

  /// Writes it into a run's folder, in place of the last one. What cannot be written is not an error of the run.
  func write(in directory: RunDirectory) {
    guard let data = try? Self.encoder.encode(self) else { return }
    try? data.write(to: directory.file(Self.fileName), options: .atomic)
  }

  /// One JSON object, keys in order.
  public var json: String { (try? String(decoding: Self.encoder.encode(self), as: UTF8.self)) ?? "{}" }

  static let encoder: JSONEncoder = {
    let encoder = JSONEncoder.withInfinities
    encoder.outputFormatting.insert(.prettyPrinted)
    encoder.dateEncodingStrategy = .iso8601
    return encoder
  }()

  /// Whatever is told to programs, in the same form.
  static func text(_ value: some Encodable) throws -> String {
    String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private static let decoder: JSONDecoder = {
    let decoder = JSONDecoder.withInfinities
    decoder.dateDecodingStrategy = .iso8601
    return decoder
  }()
}
