/// How a new store is laid out.
public struct TrajectoryStoreLayout: Sendable, Equatable {
  public var fields: [TrajectoryField]
  /// Frames of one trajectory in one chunk file; a frame is stored when its chunk is.
  public var framesPerChunk: Int
  /// zstd's level: levels above 3 buy nothing on chaotic floats.
  public var compressionLevel: Int
  /// Bring every chunk to the disk before it counts: what was stored then survives a loss of power, not only of the
  /// program.
  public var synchronised: Bool
  /// Attributes of the root group: parameters, units, seed.
  public var attributes: [String: JSONValue]

  /// - Parameter framesPerChunk: Chosen from the frame's size when nil: chunks of about half a megabyte, 8 to 64 frames.
  public init(
    fields: [TrajectoryField], framesPerChunk: Int? = nil, compressionLevel: Int = 1, synchronised: Bool = false,
    attributes: [String: JSONValue] = [:]
  ) {
    self.fields = fields
    let largest = fields.map(\.bytesPerFrame).max() ?? 1
    self.framesPerChunk = framesPerChunk ?? min(64, max(8, (512 << 10) / max(1, largest)))
    self.compressionLevel = compressionLevel
    self.synchronised = synchronised
    self.attributes = attributes
  }
}
