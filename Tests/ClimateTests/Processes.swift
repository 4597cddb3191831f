import Foundation

/// An autoregressive process of first order, x ← φ x + ε, from a seeded stream of normals.
func autoregressive(_ phi: Double, length: Int, seed: UInt64) -> [Double] {
  var random = SeededNormals(seed)
  var x = random.next() / (1 - phi * phi).squareRoot()
  return (0..<length).map { _ in
    x = phi * x + random.next()
    return x
  }
}

struct SystemSeeds: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }
}

struct SeededNormals {
  private var random: SystemSeeds
  init(_ seed: UInt64) { random = SystemSeeds(seed + 1) }
  mutating func next() -> Double {
    let u = Double.random(in: 0x1p-53..<1, using: &random)
    let v = Double.random(in: 0..<1, using: &random)
    return (-2 * log(u)).squareRoot() * cos(2 * .pi * v)
  }
}
