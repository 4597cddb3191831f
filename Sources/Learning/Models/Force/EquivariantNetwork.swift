internal import Tensors

/// A convolutional network that knows the point group of the square: convolutions over the group D4 and the translations
/// (T. S. Cohen and M. Welling, "Group equivariant convolutional networks", 2016).
///
/// A channel is a function of the eight elements of the group. The first layer applies each kernel in all eight
/// positions, x_{o,g}(r) = Σ w_o(g⁻¹δ) Q(r + δ); further ones are y_{o,g}(r) = Σ w_{o,i}(g⁻¹h, g⁻¹δ) x_{i,h}(r + δ), kernels
/// 3 × 3; the mean over the group and one more product make the number of a site, which so keeps what the lattice keeps.
struct EquivariantNetwork: ForceNetwork {
  let channelCounts: [Int]
  let activation: PerceptronSettings.Activation
  let tensors: [ParameterTensor]
  let hasBias: Bool

  var isOdd: Bool { !hasBias && activation == .tanh }

  /// - Parameter channels: Of each layer, each of eight numbers.
  static func layout(_ channels: [Int], hasBias: Bool) -> ParameterLayout {
    var layout = ParameterLayout()
    for (index, size) in zip([0] + channels, channels).enumerated() {
      layout.add(
        "layers.\(index).weight",
        shape: index == 0 ? [9, 1, size.1] : [9, SquareGroup.count, size.0, size.1])
      if hasBias { layout.add("layers.\(index).bias", shape: [size.1]) }
    }
    layout.add("output.weight", shape: [channels.last ?? 1, 1])
    if hasBias { layout.add("output.bias", shape: [1]) }
    return layout
  }

  func record(_ input: Tape.Node, on tape: inout Tape) -> Tape.Node {
    let order = SquareGroup.count
    var x = input
    var at = 0
    func next() -> ParameterTensor {
      defer { at += 1 }
      return tensors[at]
    }
    for (index, (inputs, outputs)) in zip([0] + channelCounts, channelCounts).enumerated() {
      let base = next()
      let table = index == 0 ? Self.lifting(outputs) : Self.convolution(inputs, outputs)
      let flat = tape.reshape(tape.parameter(base), to: [1, base.count, 1])
      let kernel = tape.reshape(
        tape.gather(flat, table), to: [3, 3, index == 0 ? 1 : inputs * order, outputs * order])
      x = tape.convolve(x, kernel)
      if hasBias {
        let bias = tape.reshape(tape.parameter(next()), to: [1, outputs, 1])
        let all = tape.gather(bias, (0..<(outputs * order)).map { $0 / order })
        x = tape.add(x, tape.reshape(all, to: [outputs * order]))
      }
      x = activation.record(x, on: &tape)
    }
    let count = channelCounts[channelCounts.count - 1]
    let sites = x.shape.count / (count * order)
    let mean = tape.reshape(tape.mean(tape.reshape(x, to: [sites, count, order]), axis: 2), to: [sites, count])
    var y = tape.matmul(mean, tape.parameter(next()))
    if hasBias { y = tape.add(y, tape.parameter(next())) }
    return tape.reshape(y, to: input.shape)
  }

  /// For each place of a kernel (tap, 1, outputs · 8) its parameter among (tap, 1, outputs).
  private static func lifting(_ outputs: Int) -> [Int] {
    (0..<9).flatMap { tap in
      (0..<outputs).flatMap { o in
        (0..<SquareGroup.count).map { g in SquareGroup.tap(tap, by: SquareGroup.inverse(g)) * outputs + o }
      }
    }
  }

  /// For each place of a kernel (tap, inputs · 8, outputs · 8) its parameter among (tap, 8, inputs, outputs).
  private static func convolution(_ inputs: Int, _ outputs: Int) -> [Int] {
    let order = SquareGroup.count
    var table: [Int] = []
    table.reserveCapacity(9 * inputs * outputs * order * order)
    for tap in 0..<9 {
      for i in 0..<inputs {
        for h in 0..<order {
          for o in 0..<outputs {
            for g in 0..<order {
              let inverse = SquareGroup.inverse(g)
              let (place, element) = (SquareGroup.tap(tap, by: inverse), SquareGroup.product(inverse, h))
              table.append(((place * order + element) * inputs + i) * outputs + o)
            }
          }
        }
      }
    }
    return table
  }
}

/// D4: the eight ways to lay a square on itself, as integer matrices on (dy, dx).
enum SquareGroup {
  static let count = 8

  private typealias Matrix = [Int]

  /// Quarter turns, and the same after a mirror.
  private static let matrices: [Matrix] = (0..<8).map { element in
    var matrix = element < 4 ? [1, 0, 0, 1] : [1, 0, 0, -1]
    for _ in 0..<(element % 4) { matrix = multiply([0, 1, -1, 0], matrix) }
    return matrix
  }

  private static func multiply(_ a: Matrix, _ b: Matrix) -> Matrix {
    [
      a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3],
    ]
  }

  private static let products: [Int] = (0..<64).map { pair in
    matrices.firstIndex(of: multiply(matrices[pair / 8], matrices[pair % 8]))!
  }

  private static let inverses: [Int] = (0..<8).map { g in (0..<8).first { products[g * 8 + $0] == 0 }! }

  static func product(_ g: Int, _ h: Int) -> Int { products[g * 8 + h] }
  static func inverse(_ g: Int) -> Int { inverses[g] }

  /// Where an element takes a place of a 3 × 3 kernel, row-major.
  static func tap(_ tap: Int, by g: Int) -> Int {
    let (place, m) = (point(tap / 3 - 1, tap % 3 - 1, by: g), 3)
    return (place.dy + 1) * m + place.dx + 1
  }

  /// Where an element takes a place relative to the centre.
  static func point(_ dy: Int, _ dx: Int, by g: Int) -> (dy: Int, dx: Int) {
    let m = matrices[g]
    return (m[0] * dy + m[1] * dx, m[2] * dy + m[3] * dx)
  }
}
