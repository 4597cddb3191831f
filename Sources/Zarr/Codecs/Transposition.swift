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
  func encode(_ chunk: UnsafeRawBufferPointer, shape: [Int], size: Int) -> PooledBytes {
    let encoded = PooledBytes(chunk.count)
    encoded.withTarget {
      gather(
        chunk, into: $0, shape: order.map { shape[$0] }, strides: order.map { Self.strides(shape)[$0] }, size: size)
    }
    return encoded
  }

  func decode(_ encoded: UnsafeRawBufferPointer, shape: [Int], size: Int) -> [UInt8] {
    let strides = Self.strides(order.map { shape[$0] })
    var inverse = order
    for (encoded, decoded) in order.enumerated() { inverse[decoded] = strides[encoded] }
    return [UInt8](unsafeUninitializedCapacity: encoded.count) { target, count in
      count = encoded.count
      gather(
        encoded, into: UnsafeMutableRawBufferPointer(start: target.baseAddress, count: count), shape: shape,
        strides: inverse, size: size)
    }
  }

  private static func strides(_ shape: [Int]) -> [Int] {
    var strides = Array(repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1] }
    return strides
  }

  /// Elements in C order of `shape`, each taken from where `strides` (in elements) put it.
  private func gather(
    _ from: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, shape: [Int], strides: [Int], size: Int
  ) {
    precondition(from.count == shape.reduce(size, *), "\(from.count) bytes are no chunk of \(shape)")
    switch size {
    case 1: gather(from, target, shape, strides, of: UInt8.self)
    case 2: gather(from, target, shape, strides, of: UInt16.self)
    case 4: gather(from, target, shape, strides, of: UInt32.self)
    case 8: gather(from, target, shape, strides, of: UInt64.self)
    default: gather(from, target, shape, strides, of: SIMD2<UInt64>.self)
    }
  }

  private func gather<Element>(
    _ from: UnsafeRawBufferPointer, _ to: UnsafeMutableRawBufferPointer, _ shape: [Int], _ strides: [Int],
    of: Element.Type
  ) {
    guard let from = from.baseAddress, let to = to.baseAddress, let last = shape.last, let stride = strides.last else {
      return
    }
    let source = from.assumingMemoryBound(to: Element.self)
    let target = to.assumingMemoryBound(to: Element.self)
    let targets = Self.strides(shape)
    // The axis along which the source lies contiguously: together with the last axis, along which the target does, it is
    // gone through in tiles, so that every cache line is fetched once.
    let contiguous = strides.indices.dropLast().last { strides[$0] == 1 && shape[$0] > 1 }
    let tile = 64 / MemoryLayout<Element>.size * 2
    let count = contiguous.map { shape[$0] } ?? 1
    let step = contiguous.map { targets[$0] } ?? 0
    let others = shape.indices.dropLast().filter { $0 != contiguous }
    var index = Array(repeating: 0, count: shape.count)
    var origin = 0
    var place = 0
    for _ in 0..<others.reduce(1, { $0 * shape[$1] }) {
      for row in Swift.stride(from: 0, to: count, by: tile) {
        for column in Swift.stride(from: 0, to: last, by: tile) {
          for i in row..<min(row + tile, count) {
            let from = source + origin + i
            let to = target + place + i * step
            for k in column..<min(column + tile, last) { to[k] = from[k * stride] }
          }
        }
      }
      for axis in others.reversed() {
        index[axis] += 1
        origin += strides[axis]
        place += targets[axis]
        if index[axis] < shape[axis] { break }
        origin -= shape[axis] * strides[axis]
        place -= shape[axis] * targets[axis]
        index[axis] = 0
      }
    }
  }
}
