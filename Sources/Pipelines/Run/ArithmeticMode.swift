internal import Tensors

/// `--arithmetic portable`: the same bits on every processor.
public enum ArithmeticMode {
  public static let option = "--arithmetic"

  /// What numbers are computed with here, such as `x86-64-v4/SkylakeX/0.3.21`.
  public static var current: String { Arithmetic.current.id }

  /// Takes the option out of the arguments and, for `portable`, starts the program anew in its own place where it is not
  /// portable yet. Call it before anything else, and before any thread.
  /// - Throws: `RunError` for another word, or where this machine has no portable arithmetic.
  public static func enter(_ arguments: [String]) throws -> [String] {
    var rest = arguments
    var word: String?
    if let place = rest.firstIndex(where: { $0 == option || $0.hasPrefix(option + "=") }) {
      if rest[place] == option {
        guard place + 1 < rest.count else { throw RunError(.usage, "\(option) needs a word: native or portable") }
        word = rest.remove(at: place + 1)
      } else {
        word = String(rest[place].dropFirst(option.count + 1))
      }
      rest.remove(at: place)
    }
    switch word {
    case nil, "native": break
    case "portable":
      do { try Arithmetic.enterPortable(arguments: arguments) } catch { throw RunError(.missing, error.message) }
    default: throw RunError(.usage, "\(option) is native or portable, not `\(word!)`")
    }
    return rest
  }
}
