import Tensors
import Testing

@testable import Systems

@Suite("Files of equations")
struct EquationFileTests {
  private static let sound = """
    # two systems
    flow Spiral
    cite nobody
    parameter a = -1/8   # a rest
    state x = 1 ~ 0.5
    state y = 0
    let r = x^2 + y^2
    x' = a*x - y
    y' = x + a*y*r
    output sqrt(r)
    step 0.05 every 4
    exponent -0.125 ~ 0.01

    delay Wave
    parameter tau = 2
    delay tau
    state x = 1
    x' = -x_tau
    step tau/40 every 2
    """

  private func complaint(_ text: String) -> String {
    do { return "\(try EquationFile.read(text).count) systems" } catch { return "\(error)" }
  }

  @Test("A file says everything of its systems")
  func reads() throws {
    let systems = try EquationFile.read(Self.sound)
    #expect(systems.map(\.name) == ["Spiral", "Wave"])
    let spiral = systems[0]
    #expect(spiral.kind == .flow && spiral.citation == "nobody" && spiral.parameters[0].value == -0.125)
    #expect(spiral.variables == [.init(name: "x", start: 1, scale: 0.5), .init(name: "y", start: 0, scale: 1)])
    #expect(spiral.step == 0.05 && spiral.every == 4 && spiral.exponent == .init(value: -0.125, error: 0.01))
    #expect(systems[1].kind == .delay && systems[1].delay == "tau" && systems[1].step == 40)
    let system = try EquationSystem(spiral)
    #expect(system.rates.values([2, 1]) == [-1.25, 2 - 0.125 * 5])
    // As a store keeps it.
    #expect(try EquationFile.read(spiral.source) == [spiral])
  }

  @Test("What is wrong is said with its line and column")
  func complaints() {
    func with(_ change: (String, String)) -> String { complaint(Self.sound.replacing(change.0, with: change.1)) }
    #expect(with(("", "")) == "2 systems")
    for (from, to, words) in [
      ("flow Spiral", "x' = 1", "line 2, column 1: a system begins with"),
      ("flow Spiral", "flow 9", "line 2, column 6: `9` is no name"),
      ("flow Spiral", "flow Wave", "line 14, column 1: there are two systems `Wave`"),
      ("a*x - y", "b*x - y", "line 8, column 6: there is no `b` here"),
      ("a*x - y", "a*x -* y", "line 8, column 11: expected"),
      ("y' = x", "z' = x", "`Spiral` has a state `y` and no line `y' = …`"),
      ("state y = 0", "state x = 0", "line 6, column 7: `x` is there already"),
      ("output", "outputs", "line 10, column 1: `outputs` begins no line"),
      ("every 4", "every", "expected `step NUMBER every NUMBER`"),
      ("step tau/40", "step 0.05", "the step of a delay system is `tau/NUMBER`"),
      ("tau/40", "tau/3", "from 4 to 100000 steps"),
      ("parameter tau = 2", "parameter tau = 0", "needs `delay NAME`"),
      ("parameter a", "parameter every", "`every` is a key of every simulation"),
      ("-1/8", "1/0", "is not finite"), ("x' = -x_tau", "x' = -x_late", "there is no `x_late` here"),
      ("cite nobody", "cite nobody\nx' = 1", "there are two lines `x' = …`"),
      ("step 0.05", "step -1", "greater than 0"),
    ] { #expect(with((from, to)).contains(words), "\(to): \(with((from, to)))") }
    #expect(complaint("flow A").contains("`A` has no state"))
    #expect(complaint("").contains("0 systems"))
    #expect(complaint(String(repeating: "#", count: 5000)).contains("longer than 4096 bytes"))
    #expect(complaint(String(repeating: "\n", count: 1 << 20) + "\n").contains("larger than 1048576 bytes"))
    #expect(complaint("flow A\n" + String(repeating: "cite a\n", count: 600)).contains("more than 512 lines"))
  }

  @Test("Random changes of a file make systems or a complaint, never a trap")
  func fuzz() {
    var random = CounterRandom(seed: 6, purpose: .bootstrap)
    let words = [
      "flow", "delay tau", "=", "'", "x", "~", "1e308", "-", "tau/4", "every", "\n", "(", "#", "let q = 1", "state",
      "0", "é", "map",
    ]
    for _ in 0..<1500 {
      var lines = Self.sound.split(separator: "\n").map(String.init)
      for _ in 0...Int(random.next() % 3) {
        let k = Int(random.next() % UInt64(lines.count))
        let word = words[Int(random.next() % UInt64(words.count))]
        switch random.next() % 3 {
        case 0: lines[k] = word
        case 1: lines[k] += " " + word
        default: lines.remove(at: k)
        }
      }
      do {
        for definition in try EquationFile.read(lines.joined(separator: "\n")) { _ = try? EquationSystem(definition) }
      } catch { #expect(!error.message.isEmpty && error.line >= 1 && error.column >= 1) }
    }
  }
}
