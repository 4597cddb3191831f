public import Foundation

/// A file of named tensors: an eight-byte length, a JSON header, the numbers.
///
/// Reading is strict: a file that breaks a rule of the format is refused with the rule's name, and nothing is allocated
/// that the file's size does not justify. Writing is deterministic and atomic. Only F32 is needed here; other types are
/// read as raw bytes.
///
/// Source: the format's description and the behaviour of its reference library, version 0.8.0.
public struct Safetensors: Sendable, Equatable {
  /// One tensor: its type as the file writes it, its shape and its bytes, little-endian, row-major.
  public struct Tensor: Sendable, Equatable {
    public var type: String
    public var shape: [Int]
    public var bytes: Data

    public init(type: String, shape: [Int], bytes: Data) {
      self.type = type
      self.shape = shape
      self.bytes = bytes
    }

    /// A tensor of type F32.
    public init(_ values: [Float], shape: [Int]) {
      precondition(
        shape.reduce(1, *) == values.count, "Safetensors: shape \(shape) does not hold \(values.count) numbers")
      type = "F32"
      self.shape = shape
      bytes = Data(capacity: 4 * values.count)
      for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
    }

    /// The numbers of an F32 tensor; nil for other types.
    public var floats: [Float]? {
      guard type == "F32", bytes.count % 4 == 0 else { return nil }
      return bytes.withUnsafeBytes { raw in
        (0..<(raw.count / 4)).map {
          Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
        }
      }
    }
  }

  public var tensors: [String: Tensor]
  public var metadata: [String: String]

  public init(tensors: [String: Tensor] = [:], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// Bits of one number of each type.
  static let bits: [String: Int] = [
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32,
    "U32": 32, "F32": 32, "F64": 64, "I64": 64, "U64": 64, "C64": 64,
  ]
  /// The longest header that the reference library reads.
  static let maximumHeader = 100_000_000

  /// No model that a processor learns is larger; a larger file is refused unread.
  static let largestFile = 16 << 30

  /// Reads a whole file.
  /// - Throws: `LearningError` of code `unreadable` when it cannot be read, `malformedFile` when it breaks the format.
  public init(contentsOf url: URL) throws {
    var status = stat()
    if stat(url.path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw LearningError(.unreadable, "cannot read \(url.path): it is no file")
      }
      guard Int(status.st_size) <= Self.largestFile else {
        throw LearningError(
          .malformedFile, "\(url.path) has \(status.st_size) bytes, more than any model that is read here")
      }
    }
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw LearningError(.unreadable, "cannot read \(url.path): \(error.localizedDescription)")
    }
    try self.init(data, name: url.path)
  }

  /// - Parameter name: What to call the data in errors.
  /// - Throws: `LearningError` of code `malformedFile` that says which rule is broken.
  public init(_ data: Data, name: String = "safetensors data") throws {
    func fail(_ reason: String) -> LearningError {
      LearningError(.malformedFile, "\(name) is not a valid safetensors file: \(reason)")
    }
    let data = data.startIndex == 0 ? data : Data(data)
    guard data.count >= 8 else { throw fail("it has \(data.count) bytes, a header needs at least 8") }
    let length = data.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= UInt64(Self.maximumHeader), Int(length) <= data.count - 8 else {
      throw fail("the header claims \(length) bytes of a file of \(data.count)")
    }
    let start = 8 + Int(length)
    let header: SafetensorsHeader
    do { header = try SafetensorsHeader(data[8..<start]) } catch let error as SafetensorsHeader.Malformed {
      throw fail(error.reason)
    }
    var tensors: [String: Tensor] = [:]
    var end = 0
    // The ranges must follow one another without hole or overlap and fill the file.
    for entry in header.entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard let bits = Self.bits[entry.type] else {
        throw fail("tensor “\(entry.name)” has unknown type \(entry.type)")
      }
      var size = bits / 8
      for extent in entry.shape {
        let (product, overflow) = size.multipliedReportingOverflow(by: extent)
        guard !overflow else { throw fail("the shape of tensor “\(entry.name)” overflows") }
        size = product
      }
      guard entry.begin == end, entry.end >= entry.begin, entry.end <= data.count - start else {
        throw fail("the bytes of tensor “\(entry.name)” leave a hole, overlap others or end outside the file")
      }
      guard entry.end - entry.begin == size else {
        throw fail("tensor “\(entry.name)” has \(entry.end - entry.begin) bytes where its shape needs \(size)")
      }
      end = entry.end
      tensors[entry.name] = Tensor(
        type: entry.type, shape: entry.shape, bytes: data.subdata(in: (start + entry.begin)..<(start + entry.end)))
    }
    guard end == data.count - start else { throw fail("\(data.count - start - end) bytes follow the last tensor") }
    self.tensors = tensors
    metadata = header.metadata
  }
}
