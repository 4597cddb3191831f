/// How a new store is laid out.
public struct TrajectoryStoreLayout: Sendable, Equatable {
  public var fields: [TrajectoryField]
  /// Frames of one trajectory in one chunk file; a frame is stored when its chunk is.
  public var framesPerChunk: Int
  public var preset: CompressionPreset
  /// zstd's level: levels above 3 buy nothing on chaotic floats.
  public var compressionLevel: Int
  /// Of `archive`: what a number may be changed by, relative to itself.
  public var relativeError: Double
  /// Threads that compress; one more writes the files. The store does not depend on it.
  public var threads: Int
  /// When chunks are brought to the disk. The metadata of a new store always is, at once.
  public var synchronised: Synchronisation
  /// Attributes of the root group: parameters, units, seed.
  public var attributes: [String: JSONValue]

  /// - Parameters:
  ///   - framesPerChunk: Chosen from the frame's size when nil: chunks of about a mebibyte, 8 to 128 frames.
  ///   - expectedFrames: Of a trajectory, when it is known: chunks are then cut so that the last is as full as the others.
  public init(
    fields: [TrajectoryField], framesPerChunk: Int? = nil, expectedFrames: Int? = nil,
    preset: CompressionPreset = .lossless, compressionLevel: Int = 1, relativeError: Double = 1e-5, threads: Int = 1,
    synchronised: Synchronisation = .standard, attributes: [String: JSONValue] = [:]
  ) {
    self.fields = fields
    self.framesPerChunk =
      framesPerChunk
      ?? Self.framesPerChunk(bytesPerFrame: fields.map(\.bytesPerFrame).max() ?? 1, expectedFrames: expectedFrames)
    self.preset = preset
    self.compressionLevel = compressionLevel
    self.relativeError = relativeError
    self.threads = threads
    self.synchronised = synchronised
    self.attributes = attributes
  }

  /// A file costs the system as much as compressing some 20 KB, and a window of frames is read by whole chunks; a
  /// mebibyte is between the two.
  private static func framesPerChunk(bytesPerFrame: Int, expectedFrames: Int?) -> Int {
    let most = min(128, max(8, (1 << 20) / max(1, bytesPerFrame)))
    guard let expectedFrames, expectedFrames > 0 else { return most }
    let chunks = (expectedFrames - 1) / most + 1
    return (expectedFrames - 1) / chunks + 1
  }
}
