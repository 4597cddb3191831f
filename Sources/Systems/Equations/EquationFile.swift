/// Reads files of equations: one statement a line, a system begins with `flow NAME`, `map NAME` or `delay NAME`.
///
///     flow Lorenz
///     cite E. N. Lorenz, J. Atmos. Sci. 20 (1963) 130
///     parameter rho = 28
///     state x = -9.8 ~ 7.9        begins at −9.8 and strays by about 7.9
///     let r = x*x + y*y           for the expressions below
///     x' = sigma*(y - x)          dx/dt of a flow, the next x of a map
///     output cos(x)               to look at beside the state
///     delay tau                   the parameter that is the delay; x_tau is x that long ago
///     step 0.0075 every 2         time of one step, steps between frames; `step tau/160 every 2` of a delay system
///     period 1.5
///     exponent 0.906 ~ 0.002      the largest Lyapunov exponent with its standard error
///
/// What follows `#` is a remark.
enum EquationFile {
  static let mostBytes = 1 << 20
  static let mostLineBytes = 4096
  static let mostSystems = 1000
  static let mostVariables = 64
  static let mostLines = 512

  /// The systems of a file, each of which can be computed.
  /// - Throws: `EquationError` at the first place that cannot be read.
  static func read(_ text: String) throws(EquationError) -> [EquationDefinition] {
    guard text.utf8.count <= mostBytes else {
      throw EquationError("the file is larger than \(mostBytes) bytes", line: 1, column: 1)
    }
    var systems: [EquationDefinition] = []
    var statements: [EquationStatement] = []
    func finish() throws(EquationError) {
      guard let head = statements.first else { return }
      let system = try EquationSection.read(statements)
      guard !systems.contains(where: { $0.name == system.name }) else {
        throw head.complain("there are two systems `\(system.name)`")
      }
      guard systems.count < mostSystems else { throw head.complain("the file has more than \(mostSystems) systems") }
      systems.append(system)
      statements = []
    }
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = line.hasSuffix("\r") ? line.dropLast() : line
      guard line.utf8.count <= mostLineBytes else {
        throw EquationError("the line is longer than \(mostLineBytes) bytes", line: number + 1, column: 1)
      }
      guard let statement = EquationStatement(line, line: number + 1) else { continue }
      if EquationDefinition.Kind(rawValue: statement.word) != nil, !statement.isDelayOf(statements) {
        try finish()
      } else if statements.isEmpty {
        throw statement.complain("a system begins with `flow NAME`, `map NAME` or `delay NAME`")
      }
      guard statements.count < mostLines else { throw statement.complain("a system has more than \(mostLines) lines") }
      statements.append(statement)
    }
    try finish()
    return systems
  }
}
