public import Foundation

/// One array of a `.npy` file, for golden data: little-endian, C order, float32, float64, complex64, complex128, int64.
///
/// Source: NumPy enhancement proposal 1, format version 1.0.
public struct NumPyArray: Sendable {
  public let shape: [Int]
  /// The numbers as doubles; complex ones as interleaved real and imaginary parts.
  public let values: [Double]
  public let isComplex: Bool

  public struct Malformed: Error, CustomStringConvertible { public let description: String }

  /// - Throws: `Malformed`, or Foundation's error when the file cannot be read.
  public init(contentsOf url: URL) throws {
    let data = try Data(contentsOf: url)
    guard data.count > 10, data.prefix(6) == Data([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]), data[6] == 1 else {
      throw Malformed(description: "\(url.path) is not a version 1 .npy file")
    }
    let length = Int(data[8]) | Int(data[9]) << 8
    let header = String(decoding: data[10..<(10 + length)], as: UTF8.self)
    guard let descr = header.firstMatch(of: #/'descr': '([^']+)'/#)?.1,
      let dims = header.firstMatch(of: #/'shape': \(([^)]*)\)/#)?.1, header.contains("'fortran_order': False")
    else { throw Malformed(description: "\(url.path): cannot read header \(header)") }
    shape = dims.split(separator: ",").compactMap { Int($0.trimmingCharacters(in: .whitespaces)) }
    let body = [UInt8](data[(10 + length)...])
    isComplex = descr.hasPrefix("<c")
    switch descr {
    case "<f8", "<c16": values = body.withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
    case "<f4", "<c8": values = body.withUnsafeBytes { $0.bindMemory(to: Float.self).map(Double.init) }
    case "<i8": values = body.withUnsafeBytes { $0.bindMemory(to: Int64.self).map(Double.init) }
    default: throw Malformed(description: "\(url.path): data type \(descr) is not supported")
    }
  }

  /// Row `index` of the first axis, flattened.
  public subscript(row index: Int) -> [Double] {
    let stride = values.count / shape[0]
    return Array(values[(index * stride)..<((index + 1) * stride)])
  }
}
