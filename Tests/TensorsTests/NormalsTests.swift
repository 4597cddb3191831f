import Testing

@testable import Tensors

struct NormalsTests {
  private func numbers(_ count: Int, step: UInt64 = 0, firstBlock: Int = 0) -> [Float] {
    var x = [Float](repeating: 0, count: count)
    x.withUnsafeMutableBufferPointer {
      CounterRandom.addNormals(
        to: $0.baseAddress!, count: count, deviation: 1, seed: 9, purpose: .inputNoise, trajectory: 3, step: step,
        firstBlock: firstBlock)
    }
    return x
  }

  @Test("Numbers drawn many at a time have the moments of the normal distribution, and no two streams are alike")
  func moments() {
    let x = numbers(1 << 16).map(Double.init)
    func moment(_ power: Int) -> Double {
      x.map { value in (0..<power).reduce(1) { product, _ in product * value } }.reduce(0, +) / Double(x.count)
    }
    // Five standard deviations of the estimates.
    #expect(abs(moment(1)) < 5 / 256)
    #expect(abs(moment(2) - 1) < 5 * 1.42 / 256)
    #expect(abs(moment(3)) < 5 * 3.9 / 256)
    #expect(abs(moment(4) - 3) < 5 * 9.8 / 256)
    let within = Double(x.count { abs($0) < 1 }) / Double(x.count)
    #expect(abs(within - 0.682689) < 5 * 0.47 / 256)
    #expect(x.allSatisfy { abs($0) < 6.8 })
    #expect(numbers(100, step: 1) != numbers(100))
  }

  @Test("They follow from the words of the generator by Box and Muller's transform")
  func definition() {
    var generator = CounterRandom(seed: 9, purpose: .inputNoise, trajectory: 3)
    let x = numbers(64)
    for lane in 0..<16 {
      for pair in 0..<2 {
        let word = generator.next()
        let u = (Double(UInt32(truncatingIfNeeded: word)) + 0.5) * 0x1p-32
        let radius = (-2 * logarithm(u)).squareRoot()
        let (a, b) = (Double(x[32 * pair + lane]), Double(x[32 * pair + 16 + lane]))
        #expect(abs((a * a + b * b).squareRoot() - radius) < 2e-6)
      }
    }
  }

  @Test("A stream taken up at a later block goes on as if it had not been left, and odd lengths are prefixes")
  func blocks() {
    let x = numbers(200)
    #expect(numbers(136, firstBlock: 16) == Array(x[64...]))
    #expect(numbers(71) == Array(x[..<71]))
  }

  private func logarithm(_ x: Double) -> Double {
    // By the area below 1/t, to 10⁻⁹: no mathematics library is imported here.
    var (sum, low) = (0.0, x)
    while low < 0.5 {
      low *= 2
      sum -= 0.693147180559945309
    }
    let s = (low - 1) / (low + 1)
    var (term, power) = (s, s)
    for k in 1..<40 {
      power *= s * s
      term += power / Double(2 * k + 1)
    }
    return sum + 2 * term
  }
}
