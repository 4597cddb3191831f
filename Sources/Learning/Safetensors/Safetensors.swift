public import Foundation

/// A file of named tensors: an eight-byte length, a JSON header, the numbers.
///
/// Reading is strict: a file that breaks a rule of the format is refused with the rule's name, and nothing is allocated
/// that the file's size does not justify. Of a file the header is read first; a tensor's numbers are read when they are
/// asked for, so that whoever finds that a shape is not the one it needs has read none. Writing is deterministic and
/// atomic. Weights are F32 and sums F64; other types are read as raw bytes.
///
/// Source: the format's description and the behaviour of its reference library, version 0.8.0.
public struct Safetensors: Sendable, Equatable {
  /// One tensor: its type as the file writes it, its shape and its bytes, little-endian, row-major.
  public struct Tensor: Sendable, Equatable {
    public var type: String
    public var shape: [Int]
    private var place: Place

    private enum Place: Sendable {
      case memory(Data)
      case file(SafetensorsFile, Range<Int>)
    }

    /// Read from the file at each call; fewer than there should be when the file has become shorter meanwhile.
    public var bytes: Data {
      get {
        switch place {
        case .memory(let data): data
        case .file(let file, let range): file.bytes(range)
        }
      }
      set { place = .memory(newValue) }
    }

    /// Their number, without reading them.
    var byteCount: Int {
      switch place {
      case .memory(let data): data.count
      case .file(_, let range): range.count
      }
    }

    public init(type: String, shape: [Int], bytes: Data) {
      self.type = type
      self.shape = shape
      place = .memory(bytes)
    }

    fileprivate init(type: String, shape: [Int], in file: SafetensorsFile, _ range: Range<Int>) {
      self.type = type
      self.shape = shape
      place = .file(file, range)
    }

    public static func == (first: Tensor, second: Tensor) -> Bool {
      first.type == second.type && first.shape == second.shape && first.byteCount == second.byteCount
        && first.bytes == second.bytes
    }

    /// A tensor of type F32.
    public init(_ values: [Float], shape: [Int]) { self.init("F32", shape, values) { $0.bitPattern } }

    /// A tensor of type F64.
    public init(doubles values: [Double], shape: [Int]) { self.init("F64", shape, values) { $0.bitPattern } }

    private init<Value, Bits: FixedWidthInteger>(
      _ type: String, _ shape: [Int], _ values: [Value], _ bits: (Value) -> Bits
    ) {
      precondition(
        shape.reduce(1, *) == values.count, "Safetensors: shape \(shape) does not hold \(values.count) numbers")
      self.type = type
      self.shape = shape
      var bytes = Data(capacity: MemoryLayout<Bits>.size * values.count)
      for value in values { withUnsafeBytes(of: bits(value).littleEndian) { bytes.append(contentsOf: $0) } }
      place = .memory(bytes)
    }

    /// The numbers of an F32 tensor; nil for other types, and when the file no longer has them all.
    public var floats: [Float]? { numbers("F32") { (bits: UInt32) in Float(bitPattern: bits) } }

    /// The numbers of an F64 tensor; nil for other types, and when the file no longer has them all.
    public var doubles: [Double]? { numbers("F64") { (bits: UInt64) in Double(bitPattern: bits) } }

    private func numbers<Value, Bits: FixedWidthInteger>(_ type: String, _ value: (Bits) -> Value) -> [Value]? {
      guard self.type == type else { return nil }
      let (bytes, size) = (bytes, MemoryLayout<Bits>.size)
      guard bytes.count == byteCount, bytes.count % size == 0 else { return nil }
      return bytes.withUnsafeBytes { raw in
        (0..<(raw.count / size)).map {
          value(Bits(littleEndian: raw.loadUnaligned(fromByteOffset: size * $0, as: Bits.self)))
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

  /// Opens a file and reads its header.
  /// - Throws: `LearningError` of code `unreadable` when it cannot be read, `malformedFile` when it breaks the format.
  public init(contentsOf url: URL) throws {
    let file = try SafetensorsFile(url)
    try self.init(size: file.size, name: url.path, read: file.bytes) { entry, range in
      Tensor(type: entry.type, shape: entry.shape, in: file, range)
    }
  }

  /// - Parameter name: What to call the data in errors.
  /// - Throws: `LearningError` of code `malformedFile` that says which rule is broken.
  public init(_ data: Data, name: String = "safetensors data") throws {
    let data = data.startIndex == 0 ? data : Data(data)
    try self.init(size: data.count, name: name, read: { data[$0] }) { entry, range in
      Tensor(type: entry.type, shape: entry.shape, bytes: data.subdata(in: range))
    }
  }

  /// Checks everything that the header says against the size, before anything else is read.
  private init(
    size: Int, name: String, read: (Range<Int>) -> Data, tensor: (SafetensorsHeader.Entry, Range<Int>) -> Tensor
  ) throws {
    func fail(_ reason: String) -> LearningError {
      LearningError(.malformedFile, "\(name) is not a valid safetensors file: \(reason)")
    }
    guard size >= 8 else { throw fail("it has \(size) bytes, a header needs at least 8") }
    let first = read(0..<min(size, 9))
    guard first.count >= 8 else { throw fail("it could not be read whole") }
    let length = first.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
    guard length <= UInt64(Self.maximumHeader), Int(length) <= size - 8 else {
      throw fail("the header claims \(length) bytes of a file of \(size)")
    }
    // The format's first rule for the header; a hole of a sparse file has none.
    guard length == 0 || first.last == UInt8(ascii: "{") else { throw fail("its header does not begin with a brace") }
    let start = 8 + Int(length)
    let header: SafetensorsHeader
    do { header = try SafetensorsHeader(read(8..<start)) } catch let error as SafetensorsHeader.Malformed {
      throw fail(error.reason)
    }
    var tensors: [String: Tensor] = [:]
    var end = 0
    // The ranges must follow one another without hole or overlap and fill the file.
    for entry in header.entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard let bits = Self.bits[entry.type] else {
        throw fail("tensor “\(entry.name)” has unknown type \(entry.type)")
      }
      var needed = bits / 8
      for extent in entry.shape {
        let (product, overflow) = needed.multipliedReportingOverflow(by: extent)
        guard !overflow else { throw fail("the shape of tensor “\(entry.name)” overflows") }
        needed = product
      }
      guard entry.begin == end, entry.end >= entry.begin, entry.end <= size - start else {
        throw fail("the bytes of tensor “\(entry.name)” leave a hole, overlap others or end outside the file")
      }
      guard entry.end - entry.begin == needed else {
        throw fail("tensor “\(entry.name)” has \(entry.end - entry.begin) bytes where its shape needs \(needed)")
      }
      end = entry.end
      tensors[entry.name] = tensor(entry, (start + entry.begin)..<(start + entry.end))
    }
    guard end == size - start else { throw fail("\(size - start - end) bytes follow the last tensor") }
    self.tensors = tensors
    metadata = header.metadata
  }
}
