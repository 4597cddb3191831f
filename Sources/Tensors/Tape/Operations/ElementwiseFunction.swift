internal import CKernels

extension Tape {
  public mutating func tanh(_ x: Node) -> Node { apply(.tanh, x) }
  /// 1 / (1 + e⁻ˣ).
  public mutating func sigmoid(_ x: Node) -> Node { apply(.sigmoid, x) }
  /// max(x, 0), its derivative zero at zero.
  public mutating func relu(_ x: Node) -> Node { apply(.relu, x) }
  /// log(1 + eˣ).
  public mutating func softplus(_ x: Node) -> Node { apply(.softplus, x) }
  /// x Φ(x) in the form ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))), PyTorch's `approximate="tanh"`.
  public mutating func gelu(_ x: Node) -> Node { apply(.gelu, x) }
  public mutating func sin(_ x: Node) -> Node { apply(.sin, x) }
  public mutating func cos(_ x: Node) -> Node { apply(.cos, x) }
  public mutating func exp(_ x: Node) -> Node { apply(.exp, x) }
  /// √x, its derivative taken as zero at zero.
  public mutating func sqrt(_ x: Node) -> Node { apply(.sqrt, x) }
  /// 1 / √x.
  public mutating func reciprocalSqrt(_ x: Node) -> Node { apply(.reciprocalSqrt, x) }

  /// x / (1 + e⁻ˣ).
  public mutating func silu(_ x: Node) -> Node { apply(.silu, x) }

  mutating func apply(_ function: ElementwiseFunction.Kind, _ x: Node) -> Node {
    record(ElementwiseFunction(kind: function, count: x.shape.count), [x], shape: x.shape)
  }
}

/// y = f(x) for each element.
struct ElementwiseFunction: TapeOperation {
  /// In the order of `tape_kernels.h`.
  enum Kind: Int32, CaseIterable {
    case tanh, sigmoid, relu
    /// 1 where x > 0, else 0: the slope of relu.
    case step
    case softplus, gelu, sin, cos, exp, sqrt, reciprocalSqrt, silu
  }

  let kind: Kind
  let count: Int

  func forward(_ pass: TapePass) { holstream_tape_function(kind.rawValue, pass.input(0), pass.value, count) }

  /// dx += dy f'(x).
  func backward(_ pass: TapePass) {
    guard let dx = pass.inputGradient(0) else { return }
    holstream_tape_function_backward(kind.rawValue, pass.input(0), pass.value, pass.gradient, dx, count)
  }

  func tangent(on tape: inout Tape, of y: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    let slope = slope(on: &tape, x: inputs[0], y: y)
    return tape.multiply(tangents[0]!, slope)
  }

  /// f'(x) as recorded operations.
  private func slope(on tape: inout Tape, x: Tape.Node, y: Tape.Node) -> Tape.Node {
    switch kind {
    case .tanh: return tape.affine(tape.multiply(y, y), scale: -1, shift: 1)
    case .sigmoid: return tape.multiply(y, tape.affine(y, scale: -1, shift: 1))
    case .relu: return tape.apply(.step, x)
    case .step: return tape.scale(x, by: 0)
    case .softplus: return tape.sigmoid(x)
    case .gelu: return geluSlope(on: &tape, x: x)
    case .sin: return tape.cos(x)
    case .cos: return tape.scale(tape.sin(x), by: -1)
    case .exp: return y
    case .sqrt: return tape.scale(tape.reciprocalSqrt(x), by: 0.5)
    case .reciprocalSqrt: return tape.scale(tape.multiply(y, tape.multiply(y, y)), by: -0.5)
    case .silu:
      // s + x s (1 - s) = y + s (1 - y).
      return tape.add(y, tape.multiply(tape.sigmoid(x), tape.affine(y, scale: -1, shift: 1)))
    }
  }

  /// s + x s (1 - s) (a + 3 b x²), s = sigmoid(a x + b x³), a = 2 √(2/π), b = 0.044715 a.
  private func geluSlope(on tape: inout Tape, x: Tape.Node) -> Tape.Node {
    let a: Float = 1.595769121605731
    let b: Float = 0.0713548162726
    let square = tape.multiply(x, x)
    let s = tape.sigmoid(tape.multiply(x, tape.affine(square, scale: b, shift: a)))
    let bell = tape.multiply(s, tape.affine(s, scale: -1, shift: 1))
    return tape.add(s, tape.multiply(tape.multiply(x, bell), tape.affine(square, scale: 3 * b, shift: a)))
  }
}
