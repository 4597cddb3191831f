/// The data types of Zarr v3 that this library reads; little-endian on disk.
public enum ZarrDataType: String, Sendable, Equatable, CaseIterable {
  case bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64
  case float32, float64
  /// Real part, then imaginary part.
  case complex64, complex128

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .bool, .int8, .uint8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64, .complex64: 8
    case .complex128: 16
    }
  }

  /// Real numbers that an element stands for: 2 for a complex one.
  public var components: Int { self == .complex64 || self == .complex128 ? 2 : 1 }

  /// The numbers in `bytes` as doubles; complex ones as interleaved parts.
  func doubles(_ bytes: UnsafeRawBufferPointer) -> [Double] {
    func convert<T: BinaryInteger>(_: T.Type) -> [Double] {
      (0..<(bytes.count / MemoryLayout<T>.size)).map {
        Double(bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self))
      }
    }
    switch self {
    case .float64, .complex128:
      return [Double](unsafeUninitializedCapacity: bytes.count / 8) { target, count in
        UnsafeMutableRawBufferPointer(target).copyMemory(from: bytes)
        count = bytes.count / 8
      }
    case .float32, .complex64:
      return (0..<(bytes.count / 4)).map { Double(bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self)) }
    case .bool, .uint8: return convert(UInt8.self)
    case .int8: return convert(Int8.self)
    case .int16: return convert(Int16.self)
    case .uint16: return convert(UInt16.self)
    case .int32: return convert(Int32.self)
    case .uint32: return convert(UInt32.self)
    case .int64: return convert(Int64.self)
    case .uint64: return convert(UInt64.self)
    }
  }

  /// Appends `values` (complex ones as interleaved parts) in this type; only for floating-point types.
  func append(_ values: [Double], to bytes: inout [UInt8]) {
    switch self {
    case .float64, .complex128: values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    case .float32, .complex64: values.map(Float.init).withUnsafeBytes { bytes.append(contentsOf: $0) }
    case .int64: values.map { Int64($0) }.withUnsafeBytes { bytes.append(contentsOf: $0) }
    default: preconditionFailure("\(rawValue) is not written by this library")
    }
  }

  /// One element that marks a hole: NaN where the type has it, else zero.
  var hole: [UInt8] {
    var bytes: [UInt8] = []
    switch self {
    case .float32, .float64: append([.nan], to: &bytes)
    case .complex64, .complex128: append([.nan, .nan], to: &bytes)
    default: bytes = Array(repeating: 0, count: byteCount)
    }
    return bytes
  }

  var fillValue: JSONValue {
    switch self {
    case .float32, .float64: .string("NaN")
    case .complex64, .complex128: .array([.string("NaN"), .string("NaN")])
    case .bool: .bool(false)
    default: .number(0)
    }
  }
}
