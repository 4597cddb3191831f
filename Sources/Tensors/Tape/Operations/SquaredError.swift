internal import CKernels

extension Tape {
  /// The mean of w (x - target)² over all elements, of shape [1].
  ///
  /// - Parameters:
  ///   - target: Of the shape of x.
  ///   - weights: Of the last axes of x, repeated along the rest; none for ones. The mean divides by the number of
  ///     elements, not by the sum of the weights.
  public mutating func squaredError(_ x: Node, _ target: Node, weights: Node? = nil) -> Node {
    precondition(x.shape == target.shape, "Tape.squaredError: \(x.shape) against \(target.shape)")
    precondition(
      weights.map { $0.shape.isSuffix(of: x.shape) } ?? true,
      "Tape.squaredError: weights \(weights?.shape ?? [1]) are not the end of \(x.shape)")
    let period = weights?.shape.count ?? x.shape.count
    let operation = SquaredError(rows: x.shape.count / period, period: period, isWeighted: weights != nil)
    return record(operation, [x, target] + (weights.map { [$0] } ?? []), shape: [1])
  }

  /// √ of `squaredError`; its gradient is zero where the two are equal.
  public mutating func rootMeanSquareError(_ x: Node, _ target: Node, weights: Node? = nil) -> Node {
    sqrt(squaredError(x, target, weights: weights))
  }
}

/// ℓ = 1/N Σ w (x - t)², summed in double precision.
struct SquaredError: TapeOperation {
  let rows, period: Int
  let isWeighted: Bool

  private var scale: Float { 1 / Float(rows * period) }

  func forward(_ pass: TapePass) {
    let sum = holstream_tape_squared_error(
      pass.input(0), pass.input(1), isWeighted ? pass.input(2) : nil, rows, period)
    pass.value[0] = Float(sum / Double(rows * period))
  }

  /// dx += 2/N w (x - t) dℓ, dt += -dx, dw += 1/N Σ (x - t)² dℓ.
  func backward(_ pass: TapePass) {
    let (x, t) = (pass.input(0), pass.input(1))
    let w = isWeighted ? pass.input(2) : nil
    let factor = 2 * scale * pass.gradient[0]
    if let dx = pass.inputGradient(0) { holstream_tape_squared_error_backward(x, t, w, factor, dx, rows, period) }
    if let dt = pass.inputGradient(1) { holstream_tape_squared_error_backward(t, x, w, factor, dt, rows, period) }
    if isWeighted, let dw = pass.inputGradient(2) {
      holstream_tape_squared_error_weights(x, t, scale * pass.gradient[0], dw, rows, period)
    }
  }

  /// 2/N Σ w (x - t) (dx - dt) + 1/N Σ dw (x - t)².
  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    let difference = tape.subtract(inputs[0], inputs[1])
    var terms: [Tape.Node] = []
    for (tangent, sign) in zip(tangents.prefix(2), [Float(2), -2]) {
      guard let tangent else { continue }
      terms.append(tape.scale(tape.multiply(difference, tangent), by: sign))
    }
    if isWeighted { terms = terms.map { tape.multiply($0, inputs[2]) } }
    if isWeighted, let dw = tangents[2] {
      terms.append(tape.multiply(tape.multiply(difference, difference), dw))
    }
    return tape.mean(terms.dropFirst().reduce(terms[0]) { tape.add($0, $1) })
  }
}
