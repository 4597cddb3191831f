import Foundation
import Testing
import Trajectories

@Suite("States and their layouts")
struct StateLayoutTests {
  private let layout = StateLayout(
    [
      Field("rho", shape: [4, 4], isComplex: true, axes: ["site", "site_2"], symbol: "ρ"),
      Field("Q", shape: [4], axes: ["site"]), Field("energy"),
    ], domain: .ring(4))

  @Test("Fields lie one behind the other, complex ones as interleaved parts.")
  func places() {
    #expect(layout.count == 37)
    #expect(layout.ranges == [0..<32, 32..<36, 36..<37])
    #expect(layout.range("Q") == 32..<36)
    var state = State<Double>(zero: layout)
    state["Q"] = [1, 2, 3, 4]
    #expect(state.values[33] == 2 && Array(state["Q"]) == [1, 2, 3, 4])
  }

  @Test("A layout comes back from JSON as it went.")
  func coding() throws {
    let decoded = try JSONDecoder().decode(StateLayout.self, from: JSONEncoder().encode(layout))
    #expect(decoded == layout)
  }

  @Test(
    "A layout from outside that no state has is refused and not allocated.",
    arguments: [
      #"{"fields":[],"domain":{"none":{}}}"#,
      #"{"fields":[{"name":"x","shape":[4611686018427387904,8],"isComplex":false,"axes":["a","b"],"unit":"","symbol":"x","role":"prognostic"}],"domain":{"none":{}}}"#,
      #"{"fields":[{"name":"x","shape":[-1],"isComplex":false,"axes":["a"],"unit":"","symbol":"x","role":"prognostic"}],"domain":{"none":{}}}"#,
      #"{"fields":[{"name":"x","shape":[],"isComplex":false,"axes":[],"unit":"","symbol":"x","role":"prognostic"},{"name":"x","shape":[],"isComplex":false,"axes":[],"unit":"","symbol":"x","role":"prognostic"}],"domain":{"none":{}}}"#,
      #"{"fields":[{"name":"x","shape":[3],"isComplex":false,"axes":["a"],"unit":"","symbol":"x","role":"prognostic"}],"domain":{"ring":{"_0":-5}}}"#,
    ])
  func hostile(json: String) {
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(StateLayout.self, from: Data(json.utf8)) }
  }

  @Test("A small state's observables are its components, by the names that users type.")
  func components() {
    let names = Observable.plain(of: StateLayout([Field("x", shape: [2]), Field("y"), Field("z", isComplex: true)]))
      .map(\.name)
    #expect(names == ["x[0]", "x[1]", "y", "z.re", "z.im"])
    let large = Observable.plain(of: StateLayout([Field("u", shape: [4, 8])], domain: .square(4, 8)))
    #expect(large.map(\.name) == ["u mean", "u deviation", "u[0,0]"])
    let ramp = State<Double>(StateLayout([Field("u", shape: [4, 8])]), (0..<32).map(Double.init))
    #expect(large[0].value(ramp) == 15.5)
  }

  @Test("Conversion to single precision rounds each number, and back changes none.")
  func precision() {
    let state = State<Double>(StateLayout([Field("x", shape: [3])]), [0.1, 1e-50, -3])
    #expect(state.single.values == [0.1, 0, -3])
    #expect(state.single.double.single == state.single)
  }

  @Test("A symmetry moves and negates what its table says.")
  func permutation() {
    let state = State<Double>(StateLayout([Field("x", shape: [3])]), [1, 2, 3])
    #expect(Permutation("turn", source: [1, 2, 0], signs: [false, true, false])(state).values == [2, -3, 1])
  }

  @Test("A contract refuses what breaks a law, and measures drift from the first sound frame.")
  func contract() {
    let layout = StateLayout([Field("x")])
    let law = Invariant("x", measure: .drift, limit: 0.5, value: { $0.values[0] }) { "x went from \($1) to \($0)" }
    var contract = FrameContract([law])
    func frame(_ index: Int, _ x: Double) -> Frame {
      Frame(trajectory: 0, index: index, time: 0, state: State(layout, [x]))
    }
    #expect(contract.violation(of: frame(0, .nan)) == "a value is not finite")
    #expect(contract.violation(of: frame(1, 1)) == nil)
    #expect(contract.violation(of: frame(2, 1.4)) == nil)
    #expect(contract.violation(of: frame(3, 1.7)) == "x went from 1.0 to 1.7")
  }

  @Test("An attribute comes back from JSON as it went, whole numbers as people write them.")
  func attributes() throws {
    let value: Attribute = .object(["g": 0.8, "name": "chain", "list": Attribute([1, 2]), "on": true, "none": .null])
    let data = try JSONEncoder().encode(value)
    #expect(try JSONDecoder().decode(Attribute.self, from: data) == value)
    #expect(String(decoding: try JSONEncoder().encode(Attribute.number(3)), as: UTF8.self) == "3")
  }

  @Test("A component is found by the name that it has among all, and by no other")
  func componentByName() throws {
    let layout = StateLayout([
      Field("x"), Field("x2", shape: [3]), Field("rho", shape: [2, 3], isComplex: true), Field("c", isComplex: true),
    ])
    let state = State(layout, (0..<layout.count).map(Double.init))
    for component in Observable.components(of: layout) {
      let found = try #require(Observable.component(component.name, of: layout), "\(component.name)")
      #expect(found.name == component.name && found.symbol == component.symbol)
      #expect(found.value(state) == component.value(state))
    }
    for name in [
      "", "y", "x[0]", "x2", "x2[3]", "x2[-1]", "x2[01]", "x2 [0]", "rho[0,0]", "rho[0, 0].re", "rho[2,0].re",
      "rho[0,0].abs", "rho[0].re", "c", "c.re.im", "x2[99999999999999999999]", "x2[٣]",
    ] {
      #expect(Observable.component(name, of: layout) == nil, "\(name)")
    }
  }
}
