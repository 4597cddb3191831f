/// The core codec `transpose`: axis i of the encoded chunk is axis `order[i]` of the decoded one.
struct Transposition: Sendable, Equatable {
  var order: [Int]

  /// Nil for what is no permutation.
  init?(_ order: [Int]) {
    guard order.sorted() == Array(order.indices) else { return nil }
    self.order = order
  }

  /// The same transposition for one that follows it.
  func followed(by next: Transposition) -> Transposition { Transposition(next.order.map { order[$0] })! }

  /// - Parameters:
  ///   - shape: Of the decoded chunk.
  ///   - size: Bytes of an element.
  func encode(_ chunk: UnsafeRawBufferPointer, shape: [Int], size: Int) -> [UInt8] {
    gather(chunk, shape: order.map { shape[$0] }, strides: order.map { Self.strides(shape)[$0] }, size: size)
  }

  func decode(_ encoded: UnsafeRawBufferPointer, shape: [Int], size: Int) -> [UInt8] {
    let strides = Self.strides(order.map { shape[$0] })
    var inverse = order
    for (encoded, decoded) in order.enumerated() { inverse[decoded] = strides[encoded] }
    return gather(encoded, shape: shape, strides: inverse, size: size)
  }

  private static func strides(_ shape: [Int]) -> [Int] {
    var strides = Array(repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    return strides
  }

  /// Elements in C order of `shape`, each taken from where `strides` (in elements) put it.
  private func gather(_ from: UnsafeRawBufferPointer, shape: [Int], strides: [Int], size: Int) -> [UInt8] {
    precondition(from.count == shape.reduce(size, *), "\(from.count) bytes are no chunk of \(shape)")
    return [UInt8](unsafeUninitializedCapacity: from.count) { target, count in
      let target = UnsafeMutableRawBufferPointer(target)
      count = from.count
      switch size {
      case 1: gather(from, target, shape, strides, of: UInt8.self)
      case 2: gather(from, target, shape, strides, of: UInt16.self)
      case 4: gather(from, target, shape, strides, of: UInt32.self)
      case 8: gather(from, target, shape, strides, of: UInt64.self)
      default: gather(from, target, shape, strides, of: SIMD2<UInt64>.self)
      }
    }
  }

  private func gather<Element>(
    _ from: UnsafeRawBufferPointer, _ to: UnsafeMutableRawBufferPointer, _ shape: [Int], _ strides: [Int],
    of: Element.Type
  ) {
    guard let from = from.baseAddress, let to = to.baseAddress, let last = shape.last, let stride = strides.last else {
      return
    }
    let rows = shape.dropLast().reduce(1, *)
    var index = Array(repeating: 0, count: shape.count)
    var origin = 0
    var target = to.assumingMemoryBound(to: Element.self)
    for _ in 0..<rows {
      let source = from.advanced(by: origin * MemoryLayout<Element>.size).assumingMemoryBound(to: Element.self)
      for k in 0..<last { target[k] = source[k * stride] }
      target += last
      for axis in shape.indices.dropLast().reversed() {
        index[axis] += 1
        origin += strides[axis]
        if index[axis] < shape[axis] { break }
        origin -= shape[axis] * strides[axis]
        index[axis] = 0
      }
    }
  }
}
