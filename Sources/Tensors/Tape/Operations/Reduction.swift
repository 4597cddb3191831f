internal import CKernels

extension Tape {
  /// The sum of all elements, of shape [1].
  public mutating func sum(_ x: Node) -> Node { reduce(reshape(x, to: [x.shape.count]), axis: 0, scale: 1) }
  /// The mean of all elements, of shape [1].
  public mutating func mean(_ x: Node) -> Node {
    reduce(reshape(x, to: [x.shape.count]), axis: 0, scale: 1 / Float(x.shape.count))
  }
  /// The sum along one axis, which stays with a length of 1.
  public mutating func sum(_ x: Node, axis: Int) -> Node { reduce(x, axis: axis, scale: 1) }
  /// The mean along one axis, which stays with a length of 1.
  public mutating func mean(_ x: Node, axis: Int) -> Node {
    precondition(x.shape.axes.indices.contains(axis), "Tape.mean: no axis \(axis) in \(x.shape)")
    return reduce(x, axis: axis, scale: 1 / Float(x.shape.axes[axis]))
  }

  /// Repeats an axis of length 1.
  public mutating func expand(_ x: Node, axis: Int, count: Int) -> Node {
    precondition(
      x.shape.axes.indices.contains(axis) && x.shape.axes[axis] == 1, "Tape.expand: axis \(axis) of \(x.shape) is not 1"
    )
    return expand(x, axis: axis, count: count, scale: 1)
  }

  mutating func reduce(_ x: Node, axis: Int, scale: Float) -> Node {
    precondition(x.shape.axes.indices.contains(axis), "Tape.sum: no axis \(axis) in \(x.shape)")
    var axes = x.shape.axes
    let extent = Extent(axes, axis)
    axes[axis] = 1
    return record(Reduction(extent: extent, scale: scale), [x], shape: TensorShape(axes))
  }

  mutating func expand(_ x: Node, axis: Int, count: Int, scale: Float) -> Node {
    var axes = x.shape.axes
    axes[axis] = count
    return record(Expansion(extent: Extent(axes, axis), scale: scale), [x], shape: TensorShape(axes))
  }
}

/// A tensor as (outer, count, inner) around one axis.
struct Extent: Sendable {
  let axis, outer, count, inner: Int

  init(_ axes: [Int], _ axis: Int) {
    self.axis = axis
    outer = axes[..<axis].reduce(1, *)
    count = axes[axis]
    inner = axes[(axis + 1)...].reduce(1, *)
  }
}

/// y[o, i] = scale Σ_k x[o, k, i].
struct Reduction: TapeOperation {
  let extent: Extent
  let scale: Float

  func forward(_ pass: TapePass) {
    holstream_tape_reduce(pass.input(0), scale, pass.value, extent.outer, extent.count, extent.inner, 0)
  }

  func backward(_ pass: TapePass) {
    guard let dx = pass.inputGradient(0) else { return }
    holstream_tape_expand(pass.gradient, scale, dx, extent.outer, extent.count, extent.inner, 1)
  }

  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    tape.reduce(tangents[0]!, axis: extent.axis, scale: scale)
  }
}

/// y[o, k, i] = scale x[o, i]: the adjoint of `Reduction`.
struct Expansion: TapeOperation {
  let extent: Extent
  let scale: Float

  func forward(_ pass: TapePass) {
    holstream_tape_expand(pass.input(0), scale, pass.value, extent.outer, extent.count, extent.inner, 0)
  }

  func backward(_ pass: TapePass) {
    guard let dx = pass.inputGradient(0) else { return }
    holstream_tape_reduce(pass.gradient, scale, dx, extent.outer, extent.count, extent.inner, 1)
  }

  func tangent(on tape: inout Tape, of output: Tape.Node, inputs: [Tape.Node], tangents: [Tape.Node?]) -> Tape.Node {
    tape.expand(tangents[0]!, axis: extent.axis, count: extent.count, scale: scale)
  }
}
