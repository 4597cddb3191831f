internal import Tensors

#if canImport(Glibc)
  import Glibc
#endif

/// The real Fourier basis of a ring's grid points, without the third of the modes that products would alias into.
///
/// Transforms are matrix products: meant for some hundred points, not for thousands.
struct FourierBasis: Sendable {
  let points: Int
  /// 1, cos κx, sin κx, cos 2κx, …
  let modes: Int
  /// (points, modes), and its inverse.
  private let synthesis: [Double]
  private let analysis: [Double]

  init(points: Int) {
    self.points = points
    let highest = (points - 1) / 3
    modes = 2 * highest + 1
    var synthesis = [Double](repeating: 1, count: points * modes)
    var analysis = [Double](repeating: 1 / Double(points), count: modes * points)
    for x in 0..<points {
      for k in 1...highest {
        let angle = 2 * .pi * Double(k * x % points) / Double(points)
        synthesis[x * modes + 2 * k - 1] = cos(angle)
        synthesis[x * modes + 2 * k] = sin(angle)
        analysis[(2 * k - 1) * points + x] = 2 * cos(angle) / Double(points)
        analysis[2 * k * points + x] = 2 * sin(angle) / Double(points)
      }
    }
    self.synthesis = synthesis
    self.analysis = analysis
  }

  /// Amplitudes (modes) of values (points).
  func amplitudes(of values: UnsafePointer<Double>, into amplitudes: UnsafeMutablePointer<Double>) {
    analysis.withUnsafeBufferPointer {
      BLAS.multiply($0.baseAddress!, values, into: amplitudes, m: modes, k: points, n: 1)
    }
  }

  /// Values (points) of amplitudes (modes).
  func values(of amplitudes: UnsafePointer<Double>, into values: UnsafeMutablePointer<Double>) {
    synthesis.withUnsafeBufferPointer {
      BLAS.multiply($0.baseAddress!, amplitudes, into: values, m: points, k: modes, n: 1)
    }
  }
}
