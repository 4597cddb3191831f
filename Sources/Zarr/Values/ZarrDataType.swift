/// The data types of Zarr v3 that this library reads; little-endian in memory.
public enum ZarrDataType: String, Sendable, Equatable, CaseIterable {
  case bool, int8, int16, int32, int64, uint8, uint16, uint32, uint64
  case float16, float32, float64
  /// Real part, then imaginary part.
  case complex64, complex128

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .bool, .int8, .uint8: 1
    case .int16, .uint16, .float16: 2
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
    case .float16:
      return (0..<(bytes.count / 2)).map {
        Self.double(half: bytes.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self))
      }
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

  /// Puts `values` (complex ones as interleaved parts) in this type at the start of `bytes`; only for floating-point
  /// types and int64.
  func put(_ values: UnsafeBufferPointer<Double>, into bytes: UnsafeMutableRawBufferPointer) {
    precondition(bytes.count >= values.count * byteCount / components, "no room for \(values.count) numbers")
    switch self {
    case .float64, .complex128: bytes.copyMemory(from: UnsafeRawBufferPointer(values))
    case .float32, .complex64:
      let target = bytes.assumingMemoryBound(to: Float.self)
      for index in 0..<values.count { target[index] = Float(values[index]) }
    case .int64:
      let target = bytes.assumingMemoryBound(to: Int64.self)
      for index in 0..<values.count { target[index] = Int64(values[index]) }
    default: preconditionFailure("\(rawValue) is not written by this library")
    }
  }

  /// `values` as their bytes on disk.
  func bytes(_ values: [Double]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: values.count * byteCount / components)
    bytes.withUnsafeMutableBytes { bytes in values.withUnsafeBufferPointer { put($0, into: bytes) } }
    return bytes
  }

  /// A half-precision number (IEEE 754 binary16) by its bits; Swift's own `Float16` is not there on every machine.
  private static func double(half bits: UInt16) -> Double {
    let exponent = Int(bits >> 10 & 31)
    let fraction = Double(bits & 1023)
    let size: Double =
      switch exponent {
      case 0: fraction * 0x1p-24
      case 31: fraction == 0 ? .infinity : .nan
      default: Double(sign: .plus, exponent: exponent - 25, significand: fraction + 1024)
      }
    return bits >> 15 == 1 ? -size : size
  }

  /// Turns every number in `bytes` round, from big-endian to little-endian or back.
  func swapBytes(_ bytes: inout [UInt8]) {
    func swap<T: FixedWidthInteger>(_: T.Type) {
      bytes.withUnsafeMutableBytes { bytes in
        for at in stride(from: 0, to: bytes.count - MemoryLayout<T>.size + 1, by: MemoryLayout<T>.size) {
          bytes.storeBytes(
            of: bytes.loadUnaligned(fromByteOffset: at, as: T.self).byteSwapped, toByteOffset: at, as: T.self)
        }
      }
    }
    switch byteCount / components {
    case 2: swap(UInt16.self)
    case 4: swap(UInt32.self)
    case 8: swap(UInt64.self)
    default: break
    }
  }

  /// One element that marks a hole: NaN where the type has it, else zero.
  var hole: [UInt8] {
    switch self {
    case .float32, .float64, .complex64, .complex128: bytes(Array(repeating: .nan, count: components))
    case .float16: [0, 0x7E]
    default: Array(repeating: 0, count: byteCount)
    }
  }

  /// As many copies of `element` as `bytes` has room for.
  static func fill(_ bytes: UnsafeMutableRawBufferPointer, with element: [UInt8]) {
    guard bytes.count >= element.count, !element.isEmpty else { return }
    element.withUnsafeBytes { bytes.copyMemory(from: $0) }
    var done = element.count
    while done < bytes.count {
      let next = min(done, bytes.count - done)
      (bytes.baseAddress! + done).copyMemory(from: bytes.baseAddress!, byteCount: next)
      done += next
    }
  }

  var fillValue: JSONValue {
    switch self {
    case .float16, .float32, .float64: .string("NaN")
    case .complex64, .complex128: .array([.string("NaN"), .string("NaN")])
    case .bool: .bool(false)
    default: .number(0)
    }
  }
}
