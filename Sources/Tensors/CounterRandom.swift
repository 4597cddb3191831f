#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What a random number is for. Numbers drawn for two purposes never share a stream, whatever their seed.
public struct RandomPurpose: RawRepresentable, Sendable, Hashable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// Displacements and momenta of the initial state.
  public static let initialState = RandomPurpose(rawValue: 1)
  /// The offset of a trajectory's first saved frame.
  public static let phase = RandomPurpose(rawValue: 2)
  /// On-site disorder.
  public static let disorder = RandomPurpose(rawValue: 3)
  /// The force of a heat bath.
  public static let heatBath = RandomPurpose(rawValue: 4)
  /// Weights before training.
  public static let weights = RandomPurpose(rawValue: 16)
  /// Noise on training inputs.
  public static let inputNoise = RandomPurpose(rawValue: 17)
  /// Dropout masks.
  public static let dropout = RandomPurpose(rawValue: 18)
  /// Choice of training windows.
  public static let sampler = RandomPurpose(rawValue: 19)
  /// Admission to and eviction from the reservoir.
  public static let reservoir = RandomPurpose(rawValue: 20)
  /// Resampling for error bars.
  public static let bootstrap = RandomPurpose(rawValue: 32)
  /// Start frames of evaluation rollouts.
  public static let evaluation = RandomPurpose(rawValue: 33)
}

/// A counter-based random number generator: Philox-4×32-10.
///
/// The stream is a pure function of (seed, purpose, trajectory, step), so that any batch or trajectory can be rebuilt
/// alone, in any order and on any thread. Not for cryptography.
///
/// Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011).
public struct CounterRandom: RandomNumberGenerator, Sendable, Hashable {
  private var counter: SIMD4<UInt32>
  private let key: SIMD2<UInt32>
  private var block = SIMD4<UInt32>(repeating: 0)
  private var used = 4
  private var spareNormal: Double?

  /// - Parameters:
  ///   - seed: The seed of the run.
  ///   - purpose: What the numbers are for.
  ///   - trajectory: The trajectory (or tensor, or worker) that the numbers belong to; its low 32 bits count.
  ///   - step: The step (or batch) that the numbers belong to; its low 32 bits count.
  public init(seed: UInt64, purpose: RandomPurpose, trajectory: UInt64 = 0, step: UInt64 = 0) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    counter = SIMD4(0, UInt32(truncatingIfNeeded: step), UInt32(truncatingIfNeeded: trajectory), purpose.rawValue)
  }

  public mutating func next() -> UInt64 {
    if used >= 4 {
      block = Self.philox(counter, key: key)
      counter[0] &+= 1
      used = 0
    }
    defer { used += 2 }
    return UInt64(block[used]) | UInt64(block[used + 1]) << 32
  }

  /// A number in [0, 1) with 53 random bits.
  public mutating func uniform() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// A draw from the normal distribution of mean 0 and variance 1 (Box–Muller; the pair's second is kept).
  public mutating func normal() -> Double {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    let radius = (-2 * log(1 - uniform())).squareRoot()
    let angle = 2 * Double.pi * uniform()
    spareNormal = radius * sin(angle)
    return radius * cos(angle)
  }

  /// Ten rounds of Philox-4×32 on one counter block.
  package static func philox(_ counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let first = UInt64(0xD251_1F53) &* UInt64(c[0])
      let second = UInt64(0xCD9E_8D57) &* UInt64(c[2])
      c = SIMD4(
        UInt32(truncatingIfNeeded: second >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: second),
        UInt32(truncatingIfNeeded: first >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: first))
      k[0] &+= 0x9E37_79B9
      k[1] &+= 0xBB67_AE85
    }
    return c
  }
}
