internal import CKernels
public import Trajectories

/// How the numbers of a state are divided into the terms of a loss: a root mean square a part.
///
/// Without other word each prognostic field is a part. Of density matrices the diagonal may be a part of its own. The
/// squares of some numbers are summed in one go; a part has one or several such sums.
public struct LossPartition: Sendable, Equatable {
  public struct Part: Sendable, Equatable {
    /// The name of its term, such as `Q` or `rho diagonal`.
    public var name: String
    /// Entries of one state over which the mean runs; a complex one counts once.
    public var entries: Int
    /// Which of the sums belong to it.
    var sums: Range<Int>
  }

  public let parts: [Part]
  /// Numbers of the state that each sum runs over; unused where a kernel of its own knows them.
  private let ranges: [Range<Int>]
  /// L of a state that is (L, L) complex, L, L: `holstream_squared_errors` has its four sums.
  private let matrixSites: Int?

  /// Sums of squares: what errors are added up in.
  var sums: Int { parts[parts.count - 1].sums.upperBound }

  /// - Parameter separatesDiagonal: Whether the diagonal of a density matrix is a part of its own.
  public init(_ layout: StateLayout, separatesDiagonal: Bool = true) {
    let names = layout.fields.map(\.name)
    if let sites = layout.densityMatrixSites {
      let square = sites * sites
      let matrix =
        separatesDiagonal
        ? [
          Part(name: "\(names[0]) diagonal", entries: sites, sums: 0..<1),
          Part(name: "\(names[0]) rest", entries: square - sites, sums: 1..<2),
        ] : [Part(name: names[0], entries: square, sums: 0..<2)]
      parts =
        matrix + [
          Part(name: names[1], entries: sites, sums: 2..<3), Part(name: names[2], entries: sites, sums: 3..<4),
        ]
      ranges = []
      matrixSites = sites
      return
    }
    var parts: [Part] = []
    var ranges: [Range<Int>] = []
    for (field, range) in zip(layout.fields, layout.ranges) where field.role == .prognostic {
      parts.append(Part(name: field.name, entries: field.elements, sums: parts.count..<(parts.count + 1)))
      ranges.append(range)
    }
    precondition(!parts.isEmpty, "LossPartition: no field of \(layout.summary) evolves")
    self.parts = parts
    self.ranges = ranges
    matrixSites = nil
  }

  /// sums += weight · |label − value|², sum by sum.
  ///
  /// - Parameters:
  ///   - label: (S) as `value`, the numbers of one state.
  ///   - sums: (`sums`).
  func addSquares(
    _ label: UnsafePointer<Float>, _ value: UnsafePointer<Float>, weight: Double, to sums: UnsafeMutablePointer<Double>
  ) {
    if let matrixSites {
      var found = (0.0, 0.0, 0.0, 0.0)
      withUnsafeMutableBytes(of: &found) {
        holstream_squared_errors(Int32(matrixSites), label, value, $0.bindMemory(to: Double.self).baseAddress!)
      }
      sums[0] += weight * found.0
      sums[1] += weight * found.1
      sums[2] += weight * found.2
      sums[3] += weight * found.3
      return
    }
    for (index, range) in ranges.enumerated() {
      var found = 0.0
      for k in range {
        let error = Double(label[k] - value[k])
        found += error * error
      }
      sums[index] += weight * found
    }
  }

  /// gradient += weight · coefficient · (value − label), with the coefficient of each sum.
  func addGradient(
    _ label: UnsafePointer<Float>, _ value: UnsafePointer<Float>, coefficients: [Float], weight: Float,
    to gradient: UnsafeMutablePointer<Float>
  ) {
    if let matrixSites {
      var scaled = (
        weight * coefficients[0], weight * coefficients[1], weight * coefficients[2], weight * coefficients[3]
      )
      withUnsafeBytes(of: &scaled) {
        holstream_squared_errors_backward(
          Int32(matrixSites), label, value, $0.bindMemory(to: Float.self).baseAddress!, gradient)
      }
      return
    }
    for (index, range) in ranges.enumerated() {
      let coefficient = weight * coefficients[index]
      for k in range { gradient[k] += coefficient * (value[k] - label[k]) }
    }
  }

  /// Root mean squares of the parts, and the factor of each sum's errors in the gradient: 1 / (count · RMS).
  ///
  /// A part without error gets the factor 0, where automatic differentiation of the root gives 0/0.
  /// - Parameters:
  ///   - sums: Squared errors.
  ///   - states: States that they were summed over.
  public func terms(_ sums: [Double], states: Int) -> (terms: [LossTerms.Term], coefficients: [Float]) {
    var coefficients = [Float](repeating: 0, count: sums.count)
    let terms = parts.map { part in
      let count = Double(states) * Double(part.entries)
      let root = (part.sums.dropFirst().reduce(sums[part.sums.lowerBound]) { $0 + sums[$1] } / count).squareRoot()
      for sum in part.sums { coefficients[sum] = root == 0 ? 0 : Float(1 / (root * count)) }
      return LossTerms.Term(name: part.name, value: Float(root))
    }
    return (terms, coefficients)
  }
}
