internal import Tensors

/// Forty-five numbers that say what lies around a site of a square lattice, however it is turned or mirrored: the
/// displacements of the site and of eight shells of neighbours up to a distance of √13, as amplitudes of the irreducible
/// representations of D4 (Zhang, Li and Chern, "Machine learning of lattice models").
///
/// The site's own displacement; of each shell A1, which is invariant. Of A2, B1 and B2, which change their sign, each
/// amplitude times the sign of a reference of its kind; of E, which turns, the length and the component along a reference,
/// which unlike the cosine of the angle is smooth where the length is small. A reference is the sum over all shells. That makes 1 + 8 + 14 + 11 + 11 numbers, as many as there are sites.
struct LatticeDescriptors: Sendable {
  static let count = 45

  /// What an amplitude is of.
  private enum Kind: Sendable { case invariant, a2, b1, b2, vector }

  /// (dy, dx) of the sites, the centre first.
  private let sites: [(dy: Int, dx: Int)]
  /// (sites, amplitudes): an orthogonal matrix.
  private let amplitudes: [Float]
  /// Of each amplitude; both components of a vector, one after the other.
  private let kinds: [Kind]

  init() {
    var sites = [(dy: 0, dx: 0)]
    var columns: [[Int: Double]] = [[0: 1]]
    var kinds = [Kind.invariant]
    for square in [1, 2, 4, 5, 8, 9, 10, 13] {
      let first = sites.count
      for dy in -3...3 { for dx in -3...3 where dy * dy + dx * dx == square { sites.append((dy, dx)) } }
      let shell = first..<sites.count
      func add(_ kind: Kind, _ weight: (_ dy: Int, _ dx: Int) -> Int) {
        let weights = shell.map { Double(weight(sites[$0].dy, sites[$0].dx)) }
        let norm = weights.reduce(0) { $0 + $1 * $1 }.squareRoot()
        guard norm > 0 else { return }
        columns.append(Dictionary(uniqueKeysWithValues: zip(shell, weights.map { $0 / norm })))
        kinds.append(kind)
      }
      add(.invariant) { _, _ in 1 }
      add(.a2) { dy, dx in (dx * dy).signum() * (dx * dx - dy * dy).signum() }
      add(.b1) { dy, dx in (dx * dx - dy * dy).signum() }
      add(.b2) { dy, dx in (dx * dy).signum() }
      // The larger component of each site's place, and the smaller where it is another and not zero.
      add(.vector) { dy, dx in abs(dx) >= abs(dy) ? dx.signum() : 0 }
      add(.vector) { dy, dx in abs(dy) >= abs(dx) ? dy.signum() : 0 }
      if shell.count == 8 {
        add(.vector) { dy, dx in abs(dx) < abs(dy) ? dx.signum() : 0 }
        add(.vector) { dy, dx in abs(dy) < abs(dx) ? dy.signum() : 0 }
      }
    }
    var matrix = [Float](repeating: 0, count: sites.count * columns.count)
    for (column, weights) in columns.enumerated() {
      for (site, weight) in weights { matrix[site * columns.count + column] = Float(weight) }
    }
    self.sites = sites
    self.kinds = kinds
    amplitudes = matrix
    precondition(sites.count == Self.count && columns.count == Self.count, "the shells have 45 sites")
  }

  /// Writes the descriptors of every site.
  /// - Parameters:
  ///   - q: (rows, columns).
  ///   - sign: Factor of the displacements.
  ///   - features: (rows · columns, 45).
  func write(
    _ q: UnsafePointer<Float>, sign: Float, rows: Int, columns: Int, into features: UnsafeMutablePointer<Float>
  ) {
    let count = Self.count
    withUnsafeTemporaryAllocation(of: Float.self, capacity: columns * count) { around in
      let around = around.baseAddress!
      for y in 0..<rows {
        for (k, site) in sites.enumerated() {
          let row = q + ((y + site.dy) % rows + rows) % rows * columns
          for x in 0..<columns { around[x * count + k] = sign * row[((x + site.dx) % columns + columns) % columns] }
        }
        let values = features + y * columns * count
        BLAS.multiply(around, amplitudes, into: values, m: columns, k: count, n: count, accumulate: false)
        for x in 0..<columns { makeInvariant(values + x * count) }
      }
    }
  }

  /// Amplitudes to descriptors, in place.
  private func makeInvariant(_ values: UnsafeMutablePointer<Float>) {
    var (a2, b1, b2, x, y): (Float, Float, Float, Float, Float) = (0, 0, 0, 0, 0)
    var k = 0
    while k < kinds.count {
      switch kinds[k] {
      case .invariant: break
      case .a2: a2 += values[k]
      case .b1: b1 += values[k]
      case .b2: b2 += values[k]
      case .vector:
        x += values[k]
        y += values[k + 1]
        k += 1
      }
      k += 1
    }
    let length = (x * x + y * y).squareRoot()
    k = 0
    while k < kinds.count {
      switch kinds[k] {
      case .invariant: break
      case .a2: values[k] *= a2 < 0 ? -1 : 1
      case .b1: values[k] *= b1 < 0 ? -1 : 1
      case .b2: values[k] *= b2 < 0 ? -1 : 1
      case .vector:
        let own = (values[k] * values[k] + values[k + 1] * values[k + 1]).squareRoot()
        values[k + 1] = length > 0 ? (values[k] * x + values[k + 1] * y) / length : 0
        values[k] = own
        k += 1
      }
      k += 1
    }
  }
}

/// A perceptron of the descriptors of each site.
struct DescriptorNetwork: ForceNetwork {
  let perceptron: PerceptronNetwork
  private let descriptors = LatticeDescriptors()

  init(_ perceptron: PerceptronNetwork) { self.perceptron = perceptron }

  var channels: Int { LatticeDescriptors.count }

  static func layout(_ widths: [Int]) -> ParameterLayout {
    PerceptronNetwork.layout([LatticeDescriptors.count] + widths + [1])
  }

  func prepare(
    _ q: UnsafePointer<Float>, sign: Float, rows: Int, columns: Int, into input: UnsafeMutablePointer<Float>
  ) {
    descriptors.write(q, sign: sign, rows: rows, columns: columns, into: input)
  }

  func record(_ input: Tape.Node, on tape: inout Tape) -> Tape.Node {
    perceptron.record(input, masks: nil, on: &tape)
  }
}
