import Foundation

@testable import Tensors

/// The tape's operations once more, in double precision and as plainly as possible, forward only; derivatives are
/// finite differences. What the tape's loops are held to.
struct TapeOracle {
  let tape: Tape

  /// The values of every node.
  /// - Parameter inputs: The elements of each input node, by its index.
  func values(inputs: [Int: [Double]], parameters: [Double]) -> [[Double]] {
    var all: [[Double]] = []
    for (k, entry) in tape.entries.enumerated() {
      let arguments = entry.inputs.map { all[$0] }
      if entry.operation is Leaf {
        all.append(
          entry.place.isParameter
            ? Array(parameters[entry.place.value..<(entry.place.value + entry.shape.count)]) : inputs[k]!)
      } else {
        all.append(Self.value(entry.operation, arguments, entry.inputs.map { tape.entries[$0].shape }, entry.shape))
      }
    }
    return all
  }

  static func value(
    _ operation: any TapeOperation, _ x: [[Double]], _ shapes: [TensorShape], _ shape: TensorShape
  ) -> [Double] {
    switch operation {
    case let o as ConstantLeaf: return o.values.map(Double.init)
    case is Reshape: return x[0]
    case let o as MatrixProduct:
      return (0..<o.m * o.n).map { at in
        let (i, j) = (at / o.n, at % o.n)
        return (0..<o.k).reduce(0) { $0 + x[0][i * o.k + $1] * x[1][o.transposed ? j * o.k + $1 : $1 * o.n + j] }
      }
    case let o as DenseLayer:
      let (k, n) = (o.product.k, o.product.n)
      return (0..<shape.count).map { at in
        (0..<k).reduce(x[2][at % n]) { $0 + x[0][at / n * k + $1] * x[1][$1 * n + at % n] }
      }
    case let o as ElementwiseFunction: return x[0].map { function(o.kind, $0) }
    case let o as ElementwiseOperation:
      return x[0].indices.map { k in
        let y = x[1][k % x[1].count]
        return switch o.kind {
        case .add: x[0][k] + y
        case .subtract: x[0][k] - y
        case .multiply: x[0][k] * y
        }
      }
    case let o as Affine: return x[0].map { Double(o.scale) * $0 + Double(o.shift) }
    case let o as Reduction:
      var y = [Double](repeating: 0, count: shape.count)
      for (k, value) in x[0].enumerated() {
        y[k / (o.extent.inner * o.extent.count) * o.extent.inner + k % o.extent.inner] += Double(o.scale) * value
      }
      return y
    case let o as Expansion:
      return (0..<shape.count).map { k in
        Double(o.scale) * x[0][k / (o.extent.inner * o.extent.count) * o.extent.inner + k % o.extent.inner]
      }
    case is Concatenation:
      return (0..<shape.rows).flatMap { row in
        zip(x, shapes).flatMap { x, shape in x[(row * shape.last)..<((row + 1) * shape.last)] }
      }
    case let o as Slice:
      return (0..<shape.count).map { x[0][$0 / shape.last * shapes[0].last + o.range.lowerBound + $0 % shape.last] }
    case let o as Gather:
      return (0..<shape.count).map { k in
        let (frame, entry, channel) = split(k, shape)
        return weight(o.table, entry)
          * x[0][(frame * o.table.nodes + Int(o.table.table[entry])) * shape.last + channel]
      }
    case let o as Scatter:
      var y = [Double](repeating: 0, count: shape.count)
      for k in x[0].indices {
        let (frame, entry, channel) = split(k, shapes[0])
        y[(frame * o.table.nodes + Int(o.table.table[entry])) * shape.last + channel] +=
          weight(o.table, entry) * x[0][k]
      }
      return y
    case let o as NeighbourMean: return mean(x[0], o.lattice)
    case let o as NeighbourLayer:
      let (around, k, n) = (mean(x[0], o.lattice), o.lattice.channels, o.outputs)
      return (0..<shape.count).map { at in
        let (i, j) = (at / n, at % n)
        let sum = (0..<k).reduce(o.hasBias ? x[3][j] : 0) {
          $0 + x[0][i * k + $1] * x[1][$1 * n + j] + around[i * k + $1] * x[2][$1 * n + j]
        }
        return switch o.function {
        case .none: sum
        case .tanh: function(.tanh, sum)
        case .relu: function(.relu, sum)
        }
      }
    case is CircularConvolution: return convolution(x[0], x[1], shapes[0].axes, shapes[1].axes)
    case let o as SpectralConvolution: return spectral(x[0], x[1], o)
    case let o as Normalisation:
      return stride(from: 0, to: shape.count, by: shape.last).flatMap { first in
        let row = x[0][first..<(first + shape.last)]
        let mean = row.reduce(0, +) / Double(shape.last)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(shape.last)
        return row.map { ($0 - mean) / (variance + Double(o.epsilon)).squareRoot() }
      }
    case is SquaredError:
      let sum = x[0].indices.reduce(0.0) { sum, k in
        let d = x[0][k] - x[1][k]
        return sum + (x.count == 3 ? x[2][k % x[2].count] : 1) * d * d
      }
      return [sum / Double(x[0].count)]
    default: preconditionFailure("the oracle does not know \(operation)")
    }
  }

  private static func split(_ k: Int, _ shape: TensorShape) -> (frame: Int, entry: Int, channel: Int) {
    (k / (shape.axes[1] * shape.last), k / shape.last % shape.axes[1], k % shape.last)
  }

  /// Over the nearest neighbours, found by their coordinates.
  private static func mean(_ x: [Double], _ lattice: TapeLattice) -> [Double] {
    let (rows, columns, channels) = (lattice.rows, lattice.columns, lattice.channels)
    return x.indices.map { at in
      let (c, j, i) = (at % channels, at / channels % columns, at / (channels * columns) % rows)
      let sample = at / (channels * columns * rows)
      func value(_ i: Int, _ j: Int) -> Double {
        x[((sample * rows + (i + rows) % rows) * columns + (j + columns) % columns) * channels + c]
      }
      let along = value(i, j + 1) + value(i, j - 1)
      return lattice.axes == 1 ? along / 2 : (along + value(i + 1, j) + value(i - 1, j)) / 4
    }
  }

  /// The weight that single precision has, for the table is part of the recording.
  private static func weight(_ table: GatherTable, _ entry: Int) -> Double {
    table.weights.isEmpty ? 1 : Double(table.weights[entry])
  }

  /// By the sums of its definition, a mode after the other.
  private static func spectral(_ x: [Double], _ w: [Double], _ o: SpectralConvolution) -> [Double] {
    let n = o.sites
    func angle(_ m: Int, _ j: Int) -> Double { 2 * .pi * Double(m * j % n) / Double(n) }
    var y = [Double](repeating: 0, count: o.batch * n * o.outputs)
    for b in 0..<o.batch {
      for m in 0..<o.modes {
        for c in 0..<o.inputs {
          var (re, im) = (0.0, 0.0)
          for j in 0..<n {
            let value = x[(b * n + j) * o.inputs + c]
            re += value * cos(angle(m, j))
            im -= value * sin(angle(m, j))
          }
          for d in 0..<o.outputs {
            let (a, b2) = (w[((2 * m) * o.inputs + c) * o.outputs + d], w[((2 * m + 1) * o.inputs + c) * o.outputs + d])
            let (p, q) = (re * a - im * b2, re * b2 + im * a)
            // The modes m and −m, one where they are the same.
            let times = m == 0 || 2 * m == n ? 1.0 : 2.0
            for j in 0..<n {
              y[(b * n + j) * o.outputs + d] += times / Double(n) * (p * cos(angle(m, j)) - q * sin(angle(m, j)))
            }
          }
        }
      }
    }
    return y
  }

  /// On a ring as a square with one row.
  private static func convolution(_ x: [Double], _ w: [Double], _ shape: [Int], _ taps: [Int]) -> [Double] {
    let (rows, columns) = shape.count == 4 ? (shape[1], shape[2]) : (1, shape[1])
    let (high, wide) = taps.count == 4 ? (taps[0], taps[1]) : (1, taps[0])
    let (inputs, outputs) = (shape[shape.count - 1], taps[taps.count - 1])
    var y: [Double] = []
    for b in 0..<shape[0] {
      for i in 0..<rows {
        for j in 0..<columns {
          for o in 0..<outputs {
            var sum = 0.0
            for s in 0..<high {
              for t in 0..<wide {
                let row = ((i + s - high / 2) % rows + rows) % rows
                let column = ((j + t - wide / 2) % columns + columns) % columns
                for c in 0..<inputs {
                  sum +=
                    x[((b * rows + row) * columns + column) * inputs + c]
                    * w[((s * wide + t) * inputs + c) * outputs + o]
                }
              }
            }
            y.append(sum)
          }
        }
      }
    }
    return y
  }
}
