internal import CKernels
internal import Foundation

extension Tape {
  /// Convolution on a ring whose kernel is given by its lowest Fourier modes:
  /// y_j = (1/N) Σ_m x̂_m w_m e^{2πi m j / N}, x̂_m = Σ_j x_j e^{−2πi m j / N}, over |m| < modes with w_{−m} the conjugate of
  /// w_m: PyTorch's `irfft(einsum(rfft(x)[..., :modes], w))`.
  ///
  /// Source: Li et al., Fourier Neural Operator for Parametric Partial Differential Equations, arXiv 2010.08895, eq. 5.
  /// - Parameters:
  ///   - x: (batch, sites, inputs).
  ///   - w: (modes, 2, inputs, outputs), real parts and imaginary ones; at most N/2 + 1 modes.
  /// - Returns: (batch, sites, outputs).
  public mutating func spectralConvolve(_ x: Node, _ w: Node) -> Node {
    precondition(
      x.shape.rank == 3 && w.shape.rank == 4 && w.shape.axes[1] == 2 && w.shape.axes[2] == x.shape.last
        && w.shape.axes[0] <= x.shape.axes[1] / 2 + 1,
      "Tape.spectralConvolve: weights \(w.shape) for \(x.shape); give (modes, 2, inputs, outputs)")
    let operation = SpectralConvolution(
      batch: x.shape.axes[0], sites: x.shape.axes[1], modes: w.shape.axes[0], inputs: x.shape.last,
      outputs: w.shape.last)
    return record(operation, [x, w], shape: x.shape.withLast(w.shape.last))
  }
}

/// Both transforms as matrix products, which for some tens of modes on some hundred sites cost less than the mixing.
struct SpectralConvolution: TapeOperation {
  let batch, sites, modes, inputs, outputs: Int
  /// (2 modes, sites): cosines and negative sines, mode by mode.
  private let transform: [Float]
  /// (sites, 2 modes): its way back.
  private let inverse: [Float]

  init(batch: Int, sites: Int, modes: Int, inputs: Int, outputs: Int) {
    self.batch = batch
    self.sites = sites
    self.modes = modes
    self.inputs = inputs
    self.outputs = outputs
    let rows = 2 * modes
    var (transform, inverse) = ([Float](repeating: 0, count: rows * sites), [Float](repeating: 0, count: rows * sites))
    for m in 0..<modes {
      // The modes m and −m, one where they are the same.
      let share = (m == 0 || 2 * m == sites ? 1.0 : 2.0) / Double(sites)
      for j in 0..<sites {
        let angle = 2 * Double.pi * Double(m * j % sites) / Double(sites)
        transform[2 * m * sites + j] = Float(cos(angle))
        transform[(2 * m + 1) * sites + j] = Float(-sin(angle))
        inverse[j * rows + 2 * m] = Float(share * cos(angle))
        inverse[j * rows + 2 * m + 1] = Float(-share * sin(angle))
      }
    }
    self.transform = transform
    self.inverse = inverse
  }

  /// (batch, 2 modes, inputs) the transforms of x.
  var savedCount: Int { batch * 2 * modes * inputs }
  var scratchCount: Int { 2 * modes * (inputs + outputs) }

  func forward(_ pass: TapePass) {
    let mixed = pass.scratch
    for b in 0..<batch {
      let spectrum = pass.saved + b * 2 * modes * inputs
      BLAS.multiply(
        transform, pass.input(0) + b * sites * inputs, into: spectrum, m: 2 * modes, k: sites, n: inputs,
        accumulate: false)
      holstream_tape_spectral_mix(spectrum, pass.input(1), mixed, modes, inputs, outputs)
      BLAS.multiply(
        inverse, mixed, into: pass.value + b * sites * outputs, m: sites, k: 2 * modes, n: outputs, accumulate: false)
    }
  }

  /// dŷ = inverseᵀ dy; dw += conj(x̂) dŷ; dx += transformᵀ (dŷ wᴴ).
  func backward(_ pass: TapePass) {
    let (mixed, spectrum) = (pass.scratch, pass.scratch + 2 * modes * outputs)
    for b in 0..<batch {
      BLAS.multiply(
        inverse, transposingA: true, pass.gradient + b * sites * outputs, into: mixed, m: 2 * modes, k: sites,
        n: outputs, accumulate: false)
      if let dw = pass.inputGradient(1) {
        holstream_tape_spectral_weights(pass.saved + b * 2 * modes * inputs, mixed, dw, modes, inputs, outputs)
      }
      guard let dx = pass.inputGradient(0) else { continue }
      holstream_tape_spectral_inputs(mixed, pass.input(1), spectrum, modes, inputs, outputs)
      BLAS.multiply(
        transform, transposingA: true, spectrum, into: dx + b * sites * inputs, m: sites, k: 2 * modes, n: inputs,
        accumulate: true)
    }
  }

  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    let first = tangents[0].map { tape.spectralConvolve($0, inputs[1]) }
    let second = tangents[1].map { tape.spectralConvolve(inputs[0], $0) }
    return tape.sum(first, second)
  }
}
