/// A system as a file of equations says it: numbers, names and expressions, none of them computed yet.
struct EquationDefinition: Sendable, Equatable {
  enum Kind: String, Sendable, CaseIterable {
    /// dx/dt = f(x).
    case flow
    /// The next x is f(x).
    case map
    /// dx/dt = f(x(t), x(t − τ)) of a single number.
    case delay
  }

  /// An expression and where it stands.
  struct Line: Sendable, Equatable {
    var name: String
    var text: String
    var line: Int
    var column: Int
  }

  /// A number of the state, where trajectories begin, and how far it typically strays.
  struct Variable: Sendable, Equatable {
    var name: String
    var start: Double
    var scale: Double
  }

  /// A measured number with its standard error.
  struct Measured: Sendable, Equatable {
    var value: Double
    var error: Double
  }

  var kind: Kind
  var name: String
  var citation = ""
  var parameters: [(name: String, value: Double)] = []
  var variables: [Variable] = []
  /// What several expressions use, in the order in which they are computed.
  var lets: [Line] = []
  /// One of each variable, in their order.
  var rates: [Line] = []
  /// Numbers to look at beside the variables: bounded functions of angles that grow.
  var outputs: [Line] = []
  /// Name of the parameter that is the delay; of `delay` alone.
  var delay: String?
  /// Time of one step, and steps between frames; of a delay system, steps of one delay and between frames.
  var step = 0.01
  var every = 1
  /// Of the oscillation that stands out; nil where nobody says.
  var period: Double?
  /// The largest Lyapunov exponent.
  var exponent: Measured?
  /// The lines of the file that say all this.
  var source = ""

  static func == (a: Self, b: Self) -> Bool { a.source == b.source }

  /// Its name of the earlier value of the variable in expressions.
  static func delayed(_ name: String) -> String { name + "_tau" }

  /// In a line for lists.
  var summary: String {
    let count = variables.count
    let what =
      switch kind {
      case .flow: "A flow of \(count) numbers"
      case .map: count == 1 ? "A map of a number" : "A map of \(count) numbers"
      case .delay: "A flow with a delay"
      }
    let sentence = citation.isEmpty ? what : "\(what): \(citation)"
    return sentence.hasSuffix(".") ? sentence : sentence + "."
  }

  /// The rates, or the outputs, as a program of the variables (and of the earlier value).
  /// - Throws: `EquationError` at the place of what cannot be read.
  func program(_ lines: [Line], parameters values: [Double]) throws(EquationError) -> EquationProgram {
    var inputs = variables.map(\.name)
    if kind == .delay { inputs.append(Self.delayed(inputs[0])) }
    var builder = EquationProgramBuilder(inputs: inputs.count)
    var names: [String: Int] = [:]
    for (k, name) in inputs.enumerated() { names[name] = k }
    for (parameter, value) in zip(parameters, values) { names[parameter.name] = builder.constant(value) }
    for line in lets { names[line.name] = try read(line, names, &builder) }
    var outputs: [Int] = []
    for line in lines { outputs.append(try read(line, names, &builder)) }
    return builder.program(outputs)
  }

  private func read(_ line: Line, _ names: [String: Int], _ builder: inout EquationProgramBuilder) throws(EquationError)
    -> Int
  {
    try ExpressionParser.read(line.text, names: names, line: line.line, column: line.column, into: &builder)
  }
}
