internal import CKernels

/// All products of up to `order` numbers, each once: 1, x_i, x_i x_j with i ≤ j, and so on, in this order.
struct Monomials: Sendable {
  /// Numbers that are multiplied.
  let inputs: Int
  let count: Int
  /// For every product but 1 the product of one factor fewer, and the last factor; −1 for the numbers themselves.
  private let parents: [Int32]
  private let factors: [Int32]
  /// Where each product stands among the features; −1 where it is only on the way to another.
  private let places: [Int32]
  private let isOdd: Bool
  let hasConstant: Bool

  /// Products of up to `order` of `inputs` numbers; nil when they are more than `limit`.
  ///
  /// - Parameter isOdd: Leaves out products of an even number of factors, 1 among them: what is left changes sign with
  ///   its numbers.
  static func count(inputs: Int, order: Int, isOdd: Bool, limit: Int) -> Int? {
    var total = isOdd ? 0 : 1
    var products = 1
    for degree in 1...order {
      // C(inputs + degree − 1, degree), whole at every step.
      let (multiplied, overflow) = products.multipliedReportingOverflow(by: inputs + degree - 1)
      guard !overflow else { return nil }
      products = multiplied / degree
      // Those on the way count as well: they are computed.
      guard products <= 4 * limit else { return nil }
      if !isOdd || degree % 2 == 1 { total += products }
    }
    return total <= limit ? total : nil
  }

  init(inputs: Int, order: Int, isOdd: Bool) {
    self.inputs = inputs
    self.isOdd = isOdd
    hasConstant = !isOdd
    var parents: [Int32] = []
    var factors: [Int32] = []
    var places: [Int32] = []
    var next: Int32 = isOdd ? 0 : 1
    var last = 0..<0
    for degree in 1...order {
      let begin = parents.count
      func add(_ parent: Int32, _ factor: Int32) {
        parents.append(parent)
        factors.append(factor)
        let isKept = !isOdd || degree % 2 == 1
        places.append(isKept ? next : -1)
        if isKept { next += 1 }
      }
      if degree == 1 {
        for i in 0..<inputs { add(-1, Int32(i)) }
      } else {
        for parent in last { for i in Int(factors[parent])..<inputs { add(Int32(parent), Int32(i)) } }
      }
      last = begin..<parents.count
    }
    self.parents = parents
    self.factors = factors
    self.places = places
    count = Int(next)
  }

  /// All products, those on the way included: numbers of scratch that `write` needs.
  var scratchCount: Int { parents.count }

  /// Features made of the first `inputs` numbers alone, in ascending order.
  func support(firstInputs: Int) -> [Int] {
    // The factors of a product ascend, so that the last is its greatest.
    (hasConstant ? [0] : [])
      + factors.indices.filter { factors[$0] < firstInputs && places[$0] >= 0 }.map { Int(places[$0]) }
  }

  /// - Parameters:
  ///   - x: (inputs).
  ///   - scratch: (scratchCount).
  ///   - features: (count).
  func write(
    _ x: UnsafePointer<Double>, scratch: UnsafeMutablePointer<Double>, to features: UnsafeMutablePointer<Double>
  ) {
    // Without products on the way the features are their own scratch.
    let values = isOdd ? scratch : features + 1
    holstream_products(parents, factors, x, values, inputs, parents.count)
    guard isOdd else {
      features[0] = 1
      return
    }
    for k in places.indices where places[k] >= 0 { features[Int(places[k])] = scratch[k] }
  }
}
