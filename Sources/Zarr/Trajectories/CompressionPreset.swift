internal import Foundation

/// How chunks are compressed; docs/store.md has ratios and speeds.
public enum CompressionPreset: String, Sendable, CaseIterable {
  /// zstd with its checksum: fast, and every reader of Zarr has it.
  case lossless
  /// Time as the last axis, byte shuffle and zstd in a Blosc frame: lossless too, and both smaller and faster, because
  /// equal numbers of a Hermitian matrix become equal runs.
  case compact
  /// `compact` of numbers rounded to a stated relative error: for what is only looked at again.
  case archive

  func chain(for field: TrajectoryField, level: Int) -> CodecChain {
    guard self != .lossless else { return CodecChain([.zstd(level: level, checksum: true)], dataType: field.dataType) }
    // Axis 1 is time. It changes places with the last one: an order that is its own inverse, because one reader in use
    // (GDAL 3.12) takes cycles the wrong way round.
    var order = Array(0..<(field.shape.count + 2))
    order.swapAt(1, order.count - 1)
    return CodecChain(
      [.blosc(Blosc(level: level, typeSize: field.dataType.byteCount))], dataType: field.dataType,
      transposition: field.shape.isEmpty ? nil : Transposition(order))
  }

  /// Bits of mantissa whose rounding keeps within a relative error: 2^-(bits + 1) ≤ error.
  static func keptBits(relativeError: Double) -> Int { max(0, Int((-log2(relativeError)).rounded(.up)) - 1) }
}
