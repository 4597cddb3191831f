internal import Foundation

extension Safetensors.Tensor {
  /// A vector of type I64.
  init(integers: [Int]) {
    var bytes = Data(capacity: 8 * integers.count)
    for value in integers { withUnsafeBytes(of: Int64(value).littleEndian) { bytes.append(contentsOf: $0) } }
    self.init(type: "I64", shape: [integers.count], bytes: bytes)
  }

  /// The numbers of a vector of type I64; nil for others.
  var integers: [Int]? {
    guard type == "I64", shape.count == 1 else { return nil }
    let bytes = bytes
    guard bytes.count == byteCount, bytes.count % 8 == 0 else { return nil }
    return bytes.withUnsafeBytes { raw in
      (0..<(raw.count / 8)).map {
        Int(Int64(littleEndian: raw.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self)))
      }
    }
  }
}
