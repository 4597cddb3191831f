/// Reads the lines of one system.
enum EquationSection {
  /// - Throws: `EquationError` at the first line that makes no sense.
  static func read(_ statements: [EquationStatement]) throws(EquationError) -> EquationDefinition {
    let head = statements[0]
    guard isName(head.rest) else { throw head.complainOfRest("`\(head.rest.prefix(40))` is no name of a system") }
    var system = EquationDefinition(kind: EquationDefinition.Kind(rawValue: head.word)!, name: head.rest)
    if system.kind == .map { system.step = 1 }
    var rates: [String: EquationDefinition.Line] = [:]
    for statement in statements.dropFirst() {
      switch statement.word {
      case "cite": system.citation = statement.rest
      case "parameter", "state", "let": try define(statement, in: &system)
      case "output":
        system.outputs.append(
          .init(name: statement.rest, text: statement.rest, line: statement.line, column: statement.restColumn))
      case "delay": system.delay = statement.rest
      case "step": try step(statement, of: &system)
      case "period":
        system.period = try statement.number(statement.rest, column: statement.restColumn)
      case "exponent":
        let (value, error) = try statement.numbers(statement.rest, column: statement.restColumn)
        system.exponent = .init(value: value, error: error ?? 0)
      case let word where word.hasSuffix("'"):
        guard let (_, text, column) = statement.parts("=") else { throw statement.complain("expected `\(word) = …`") }
        let name = String(word.dropLast())
        guard rates[name] == nil else { throw statement.complain("there are two lines `\(word) = …`") }
        rates[name] = .init(name: name, text: text, line: statement.line, column: column)
      default:
        throw statement.complain(
          "`\(statement.word.prefix(40))` begins no line; there are cite, parameter, state, let, NAME', output, delay, step, period, exponent"
        )
      }
    }
    for variable in system.variables {
      guard let rate = rates.removeValue(forKey: variable.name) else {
        throw head.complain("`\(system.name)` has a state `\(variable.name)` and no line `\(variable.name)' = …`")
      }
      system.rates.append(rate)
    }
    if let other = rates.values.min(by: { $0.line < $1.line }) {
      throw EquationError("`\(other.name)` is no state of `\(system.name)`", line: other.line, column: 1)
    }
    system.source = statements.map(\.text).joined(separator: "\n")
    try check(system, head)
    return system
  }

  /// `parameter NAME = NUMBER`, `state NAME = NUMBER ~ NUMBER` or `let NAME = …`.
  private static func define(_ statement: EquationStatement, in system: inout EquationDefinition) throws(EquationError)
  {
    guard let (name, text, column) = statement.parts("=") else {
      throw statement.complain("expected `\(statement.word) NAME = …`")
    }
    guard isName(name) else { throw statement.complainOfRest("`\(name.prefix(40))` is no name") }
    let taken = system.parameters.map(\.name) + system.variables.map(\.name) + system.lets.map(\.name) + ["pi"]
    guard !taken.contains(name) else { throw statement.complainOfRest("`\(name)` is there already") }
    switch statement.word {
    case "parameter":
      guard !reserved.contains(name) else {
        throw statement.complainOfRest("`\(name)` is a key of every simulation; take another name for the parameter")
      }
      system.parameters.append((name, try statement.number(text, column: column)))
    case "state":
      guard system.variables.count < EquationFile.mostVariables else {
        throw statement.complain("a system has more than \(EquationFile.mostVariables) states")
      }
      let (start, scale) = try statement.numbers(text, column: column)
      system.variables.append(.init(name: name, start: start, scale: scale ?? max(1, abs(start))))
    default: system.lets.append(.init(name: name, text: text, line: statement.line, column: column))
    }
  }

  /// `step NUMBER every NUMBER`; of a delay system `step tau/NUMBER every NUMBER`.
  private static func step(_ statement: EquationStatement, of system: inout EquationDefinition) throws(EquationError) {
    let words = statement.rest.split(separator: " ").map(String.init)
    guard words.count == 3, words[1] == "every", let every = Int(words[2]), (1...1_000_000).contains(every) else {
      throw statement.complainOfRest("expected `step NUMBER every NUMBER`")
    }
    var written = words[0]
    if system.kind == .delay {
      guard let at = written.firstIndex(of: "/"), String(written[..<at]) == system.delay else {
        throw statement.complainOfRest("the step of a delay system is `\(system.delay ?? "tau")/NUMBER`")
      }
      written = String(written[written.index(after: at)...])
    }
    system.step = try statement.number(written, column: statement.restColumn)
    system.every = every
    guard system.step > 0 else { throw statement.complainOfRest("a step is greater than 0") }
  }

  private static func check(_ system: EquationDefinition, _ head: EquationStatement) throws(EquationError) {
    guard !system.variables.isEmpty else { throw head.complain("`\(system.name)` has no state") }
    switch system.kind {
    case .delay:
      guard system.variables.count == 1 else {
        throw head.complain("a delay system has one state; `\(system.name)` has \(system.variables.count)")
      }
      guard let delay = system.delay, let tau = system.parameters.first(where: { $0.name == delay })?.value, tau > 0
      else {
        throw head.complain("`\(system.name)` needs `delay NAME` after `parameter NAME = …` with a number above 0")
      }
      guard system.step == system.step.rounded(), (4...100_000).contains(system.step) else {
        throw head.complain("a delay has from 4 to 100000 steps, given as `step \(delay)/NUMBER every NUMBER`")
      }
    case .map:
      guard system.step == 1 else { throw head.complain("a step of a map is 1") }
    case .flow: break
    }
    let values = system.parameters.map(\.value)
    _ = try system.program(system.rates, parameters: values)
    _ = try system.program(system.outputs, parameters: values)
  }

  /// Keys that sections of simulations have beside a system's own.
  static let reserved: Set = [
    "dt", "every", "transient", "mid_interval", "frame_interval", "spread", "equations", "file", "name", "system",
    "system_parameters", "trajectories", "frames", "ensembles", "refused", "workers", "seed",
  ]

  private static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 60 else { return false }
    func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7A || byte == 0x5F }
    return isLetter(first) && text.utf8.allSatisfy { isLetter($0) || ($0 >= 0x30 && $0 <= 0x39) }
  }
}
