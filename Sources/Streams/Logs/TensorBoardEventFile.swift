internal import Disk
public import Foundation

/// Scalars for TensorBoard: a file of length-framed, checksummed protocol-buffer records.
///
/// Record = length (u64), masked CRC-32C of the length, data, masked CRC-32C of the data, all little-endian
/// (TensorFlow's `record_writer`); the few fields that scalars need are encoded by hand.
public final class TensorBoardEventFile: Sendable {
  private let file: AppendedFile

  /// - Parameters:
  ///   - folder: Is made if missing; the file's name carries the time, as TensorBoard expects.
  ///   - time: Seconds since 1970.
  /// - Throws: `LogError` or Foundation's error when the file cannot be made.
  public init(in folder: URL, time: Double = Date().timeIntervalSince1970) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let url = folder.appending(path: "events.out.tfevents.\(Int(time)).holstream.\(getpid())")
    do throws(DiskError) { file = try AppendedFile(url.path) } catch { throw LogError(error) }
    try write(Self.double(1, time) + Self.bytes(3, Array("brain.Event:2".utf8)))
  }

  /// Appends one step's scalars.
  /// - Throws: `LogError`, after which the same scalars of the same `time` may be appended again.
  public func append(step: Int, scalars: [(tag: String, value: Float)], time: Double = Date().timeIntervalSince1970)
    throws
  {
    let values = scalars.flatMap { Self.bytes(1, Self.bytes(1, Array($0.tag.utf8)) + Self.float(2, $0.value)) }
    try write(Self.double(1, time) + [0x10] + Self.varint(UInt64(step)) + Self.bytes(5, values))
  }

  /// Appends what a run was begun with, for TensorBoard's table of hyperparameters (the plug-in `hparams`): a number where the
  /// text is one, else the text.
  ///
  /// The event's summary has the tag `_hparams_/session_start_info` and no value; the content of the plug-in is the message
  /// `HParamsPluginData` of TensorBoard's `plugin_data.proto`.
  /// - Throws: As `append`.
  public func append(hyperparameters: [(name: String, value: String)], time: Double = Date().timeIntervalSince1970)
    throws
  {
    let entries = hyperparameters.flatMap { entry in
      // A number or a text of `google.protobuf.Value`.
      let value = Double(entry.value).map { Self.double(2, $0) } ?? Self.bytes(3, Array(entry.value.utf8))
      return Self.bytes(1, Self.bytes(1, Array(entry.name.utf8)) + Self.bytes(2, value))
    }
    let content = Self.bytes(3, entries + Self.double(5, time))
    let plugin = Self.bytes(1, Array("hparams".utf8)) + Self.bytes(2, content)
    // An empty tensor of floating-point numbers, and the class of data `tensor`.
    let nothing = Self.bytes(8, [0x08, 1] + Self.bytes(2, Self.bytes(2, [0x08, 0])))
    let value =
      Self.bytes(1, Array("_hparams_/session_start_info".utf8)) + nothing
      + Self.bytes(9, Self.bytes(1, plugin) + [0x20, 2])
    try write(Self.double(1, time) + Self.bytes(5, Self.bytes(1, value)))
  }

  private func write(_ record: [UInt8]) throws(LogError) {
    let length = Self.littleEndian(UInt64(record.count))
    do throws(DiskError) {
      try file.append(length + Self.masked(length) + record + Self.masked(record))
    } catch { throw LogError(error) }
  }

  private static func masked(_ bytes: [UInt8]) -> [UInt8] {
    let checksum = CRC32C.checksum(bytes)
    return littleEndian((checksum >> 15 | checksum << 17) &+ 0xA282_EAD8)
  }
  private static func double(_ field: UInt8, _ value: Double) -> [UInt8] {
    [field << 3 | 1] + littleEndian(value.bitPattern)
  }
  private static func float(_ field: UInt8, _ value: Float) -> [UInt8] {
    [field << 3 | 5] + littleEndian(value.bitPattern)
  }
  private static func bytes(_ field: UInt8, _ value: [UInt8]) -> [UInt8] {
    [field << 3 | 2] + varint(UInt64(value.count)) + value
  }
  private static func varint(_ value: UInt64) -> [UInt8] {
    value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
  }
  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }
}
