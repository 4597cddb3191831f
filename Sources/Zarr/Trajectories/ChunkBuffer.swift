/// The frames of one trajectory that will be one chunk of every field: memory that is used again and again.
// Unchecked: it is handed from the thread that appends to the one that compresses and back, under the lock of the queue
// between them, and each touches it only while it has it.
final class ChunkBuffer: @unchecked Sendable {
  /// Where each field's chunk lies, as on disk before its codecs.
  private let parts: [UnsafeMutableRawBufferPointer]
  private let fields: [TrajectoryField]
  private let framesPerChunk: Int
  private let memory: UnsafeMutableRawBufferPointer
  var firstFrame = 0
  var frames = 0
  /// Whether it has frames that no commit has taken.
  var isDirty = false

  init(_ fields: [TrajectoryField], framesPerChunk: Int) {
    self.fields = fields
    self.framesPerChunk = framesPerChunk
    let sizes = fields.map { ($0.bytesPerFrame * framesPerChunk + 63) / 64 * 64 }
    memory = .allocate(byteCount: sizes.reduce(0, +), alignment: 64)
    var start = 0
    var parts: [UnsafeMutableRawBufferPointer] = []
    for (field, size) in zip(fields, sizes) {
      parts.append(
        UnsafeMutableRawBufferPointer(rebasing: memory[start..<start + field.bytesPerFrame * framesPerChunk]))
      start += size
    }
    self.parts = parts
  }

  deinit { memory.deallocate() }

  var isFull: Bool { frames == framesPerChunk }

  /// The place of one frame of a field.
  func place(field: Int, frame: Int) -> UnsafeMutableRawBufferPointer {
    let size = fields[field].bytesPerFrame
    return UnsafeMutableRawBufferPointer(rebasing: parts[field][frame * size..<(frame + 1) * size])
  }

  /// Puts the first frames of a field back.
  func restore(field: Int, _ bytes: [UInt8]) {
    UnsafeMutableRawBufferPointer(rebasing: parts[field][..<bytes.count]).copyBytes(from: bytes)
  }

  /// A field's chunk, with holes where frames have not come yet.
  func chunk(field: Int) -> UnsafeMutableRawBufferPointer {
    let done = frames * fields[field].bytesPerFrame
    ZarrDataType.fill(
      UnsafeMutableRawBufferPointer(rebasing: parts[field][done...]), with: fields[field].dataType.hole)
    return parts[field]
  }
}
