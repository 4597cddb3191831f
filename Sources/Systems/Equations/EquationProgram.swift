/// Expressions as a flat list of instructions over registers: the inputs first, then the constants, then what is computed.
///
/// Parameters are constants of a program; what depends on constants alone is computed once, and what occurs twice is
/// computed once. Running it allocates nothing.
struct EquationProgram: Sendable {
  struct Instruction: Sendable {
    var operation: EquationOperation
    var a: UInt16
    var b: UInt16
    var result: UInt16
  }

  let inputs: Int
  /// Registers from `inputs` on begin with these.
  let constants: [Double]
  let instructions: [Instruction]
  /// The registers of the values asked for.
  let outputs: [Int]

  var registers: Int { inputs + constants.count + instructions.count }

  /// Fills the constants in; once for any number of runs.
  func prepare<Lane: EquationLane>(_ registers: UnsafeMutablePointer<Lane>) {
    registers.initialize(repeating: Lane(repeating: 0), count: self.registers)
    for (k, value) in constants.enumerated() { registers[inputs + k] = Lane(repeating: value) }
  }

  /// Computes the outputs of the inputs that lie in the first registers.
  @inline(__always)
  static func run<Lane: EquationLane>(
    _ instructions: UnsafeBufferPointer<Instruction>, _ registers: UnsafeMutablePointer<Lane>
  ) {
    for instruction in instructions {
      let (a, b) = (registers[Int(instruction.a)], registers[Int(instruction.b)])
      let result: Lane
      switch instruction.operation {
      case .sum: result = a + b
      case .difference: result = a - b
      case .product: result = a * b
      case .quotient: result = a / b
      case .negated: result = -a
      default:
        var each = a
        for k in 0..<Lane.width { each[k] = instruction.operation.value(a[k], b[k]) }
        result = each
      }
      registers[Int(instruction.result)] = result
    }
  }

  /// The outputs of these inputs; allocates, for what is done once.
  func values(_ inputs: [Double]) -> [Double] {
    precondition(inputs.count == self.inputs, "a program of \(self.inputs) inputs got \(inputs.count)")
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: registers) { registers in
      prepare(registers.baseAddress!)
      for (k, value) in inputs.enumerated() { registers[k] = value }
      instructions.withUnsafeBufferPointer { Self.run($0, registers.baseAddress!) }
      return outputs.map { registers[$0] }
    }
  }
}
