/// Builds a program operation by operation; values are referred to by their numbers.
struct EquationProgramBuilder {
  private enum Value: Hashable {
    case input(Int)
    /// By its bits, so that 0 and −0 are two.
    case constant(UInt64)
    case operation(EquationOperation, Int, Int)
  }

  /// The most operations that a program may have.
  static let most = 8192

  private let inputs: Int
  private var values: [Value] = []
  private var known: [Value: Int] = [:]

  /// - Parameter inputs: Their values have the numbers from 0.
  init(inputs: Int) {
    self.inputs = inputs
    for k in 0..<inputs { _ = add(.input(k)) }
  }

  var isFull: Bool { values.count >= Self.most }

  mutating func constant(_ value: Double) -> Int { add(.constant(value.bitPattern)) }

  /// - Parameter b: The same as `a` for what takes one number.
  mutating func apply(_ operation: EquationOperation, _ a: Int, _ b: Int) -> Int {
    if let x = constant(at: a), let y = constant(at: b) { return constant(operation.value(x, y)) }
    if operation == .power, let exponent = constant(at: b), let product = wholePower(of: a, exponent) { return product }
    return add(.operation(operation, a, b))
  }

  /// A whole power by squaring and multiplying.
  private mutating func wholePower(of base: Int, _ exponent: Double) -> Int? {
    guard exponent == exponent.rounded(), abs(exponent) <= 64 else { return nil }
    var (square, rest) = (base, Int(abs(exponent)))
    guard rest > 0 else { return constant(1) }
    var product: Int?
    while true {
      if rest & 1 == 1 { product = product.map { apply(.product, $0, square) } ?? square }
      rest >>= 1
      if rest == 0 { break }
      square = apply(.product, square, square)
    }
    return exponent < 0 ? apply(.quotient, constant(1), product!) : product
  }

  private func constant(at number: Int) -> Double? {
    if case .constant(let bits) = values[number] { return Double(bitPattern: bits) }
    return nil
  }

  private mutating func add(_ value: Value) -> Int {
    if let number = known[value] { return number }
    values.append(value)
    known[value] = values.count - 1
    return values.count - 1
  }

  /// The program that computes these values, without what they do not need.
  func program(_ outputs: [Int]) -> EquationProgram {
    var isNeeded = [Bool](repeating: false, count: values.count)
    for output in outputs { isNeeded[output] = true }
    for number in values.indices.reversed() where isNeeded[number] {
      if case .operation(_, let a, let b) = values[number] { (isNeeded[a], isNeeded[b]) = (true, true) }
    }
    var place = [Int](repeating: 0, count: values.count)
    for k in 0..<inputs { place[k] = k }
    var constants: [Double] = []
    for (number, value) in values.enumerated() where isNeeded[number] {
      guard case .constant(let bits) = value else { continue }
      place[number] = inputs + constants.count
      constants.append(Double(bitPattern: bits))
    }
    var instructions: [EquationProgram.Instruction] = []
    for (number, value) in values.enumerated() where isNeeded[number] {
      guard case .operation(let operation, let a, let b) = value else { continue }
      place[number] = inputs + constants.count + instructions.count
      instructions.append(
        .init(
          operation: operation, a: UInt16(place[a]), b: UInt16(place[b]), result: UInt16(place[number])))
    }
    return EquationProgram(
      inputs: inputs, constants: constants, instructions: instructions, outputs: outputs.map { place[$0] })
  }
}
