internal import Foundation

/// How chunks are compressed; docs/store.md has ratios and speeds.
public enum CompressionPreset: String, Sendable, CaseIterable {
  /// zstd with its checksum: fast, and every reader of Zarr has it.
  case lossless
  /// Byte shuffle and zstd in a Blosc frame: smaller, lossless too.
  case compact
  /// `compact` of numbers rounded to a stated relative error: for what is only looked at again.
  case archive

  func chain(for field: TrajectoryField, level: Int) -> CodecChain {
    // Shuffled in units of one real number, so that the exponents of all of them lie together.
    let typeSize = field.dataType.byteCount / field.dataType.components
    let codec: CodecChain.Codec =
      switch self {
      case .lossless: .zstd(level: level, checksum: true)
      case .compact, .archive: .blosc(Blosc(level: level, typeSize: typeSize))
      }
    return CodecChain([codec], dataType: field.dataType)
  }

  /// Bits of mantissa whose rounding keeps within a relative error: 2^-(bits + 1) ≤ error.
  static func keptBits(relativeError: Double) -> Int { max(0, Int((-log2(relativeError)).rounded(.up)) - 1) }
}
