import Foundation
import Settings
import TestSupport
import Testing
import Trajectories

@testable import Systems

@Suite("The library of the chaos benchmarks")
struct EquationLibraryTests {
  private struct Golden: Decodable {
    struct Entry: Decodable {
      var name: String
      var inputs: Int
      var outputs: Int
    }
    var points: Int
    var systems: [Entry]
  }

  @Test("129 flows, 6 flows with a delay and 25 maps, each with a name of its own")
  func all() {
    let kinds = Dictionary(grouping: EquationLibrary.all, by: \.kind).mapValues(\.count)
    #expect(kinds == [.flow: 129, .delay: 6, .map: 25])
    #expect(SystemCatalogue.words.count == SystemCatalogue.all.count + 160)
    #expect(Set(SystemCatalogue.words).count == SystemCatalogue.words.count)
    // Every parameter does something.
    for definition in EquationLibrary.all {
      let text = (definition.rates + definition.lets).map(\.text).joined(separator: " ")
      let names = Set(text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init))
      for parameter in definition.parameters where parameter.name != definition.delay {
        #expect(names.contains(parameter.name), "\(definition.name): \(parameter.name)")
      }
    }
  }

  @Test("Right-hand sides are those of dysts to 1e-12 at twenty points of each system")
  func golden() throws {
    let folder = Places.data.appending(path: "systems")
    let golden = try JSONDecoder().decode(
      Golden.self, from: Data(contentsOf: folder.appending(path: "right-hand-sides.json")))
    let bytes = try Data(contentsOf: folder.appending(path: "right-hand-sides.bin"))
    var place = 0
    func next<Number>(_: Number.Type, _ count: Int) -> [Number] {
      defer { place += count * MemoryLayout<Number>.size }
      return bytes.withUnsafeBytes { bytes in
        (0..<count).map { bytes.loadUnaligned(fromByteOffset: place + $0 * MemoryLayout<Number>.size, as: Number.self) }
      }
    }
    var evaluations = 0
    for entry in golden.systems {
      let points = next(Float.self, golden.points * entry.inputs)
      let rates = next(Double.self, golden.points * entry.outputs)
      let definition = try #require(EquationLibrary.definition(entry.name))
      let program = try EquationSystem(definition).rates
      let size = (0..<entry.outputs).map { k in (0..<golden.points).map { abs(rates[$0 * entry.outputs + k]) }.max()! }
      for point in 0..<golden.points {
        var inputs = points[(point * entry.inputs)..<((point + 1) * entry.inputs)].map(Double.init)
        // Which of the two vortices is on is a number of our state.
        if entry.name == "BlinkingVortexMap" { inputs.append(1) }
        let found = program.values(inputs)
        for k in 0..<entry.outputs {
          let expected = rates[point * entry.outputs + k]
          #expect(
            abs(found[k] - expected) <= 1e-12 * size[k], "\(entry.name), rate \(k): \(found[k]) instead of \(expected)")
        }
        evaluations += 1
      }
    }
    #expect(place == bytes.count && evaluations == 3160)
  }

  @Test("Every system is simulated from its own numbers, and comes back from its attributes")
  func simulated() throws {
    for kind in SystemCatalogue.kinds.dropFirst(SystemCatalogue.all.count) {
      let section = try ConfigurationSection(["transient=0"], diagnostics: ConfigurationDiagnostics())
      let system = kind.make(section, seed: 1)
      #expect(system.name == kind.word)
      let again = try kind.make(attributes: system.attributes)
      #expect(again.attributes == system.attributes)
      var one = try system.ensemble(0..<2, seed: 3, workers: 1)
      var other = try again.ensemble(1..<2, seed: 3, workers: 1)
      for _ in 0..<3 {
        let (frames, alone) = (try one.advance(), try other.advance())
        let isFinite = frames.allSatisfy { $0.state.isFinite }
        #expect(isFinite, "\(kind.word)")
        // Two abreast and one alone: the same bits.
        #expect(frames[1] == alone[0], "\(kind.word)")
        #expect(system.observables.allSatisfy { $0.value(frames[0].state).isFinite }, "\(kind.word)")
      }
    }
  }

  @Test("Lorenz's equations from the file are those of Lorenz63")
  func lorenz() throws {
    let section = try ConfigurationSection(
      ["beta=2.5", "rho=29", "sigma=9", "dt=0.01", "every=50", "transient=0"], diagnostics: ConfigurationDiagnostics())
    let system = try #require(SystemCatalogue.make("Lorenz", section, seed: 1))
    let own = Lorenz63(sigma: 9, rho: 29, beta: 2.5, dt: 0.01, saveEvery: 50, transient: 0)
    let start = State(own.layout, [1.0, 2, 20])
    var a = try own.ensemble(from: [start])
    var b = try system.ensemble(from: [start], firstTime: 0, workers: 1)
    _ = (try a.advance(), try b.advance())
    let (x, y) = (try a.advance()[0].state.values, try b.advance()[0].state.values)
    for k in 0..<3 { #expect(abs(x[k] - y[k]) < 1e-11) }
    #expect(system.tendency(of: start, at: 0)?.values == own.tendency(of: start, at: 0)?.values)
  }

  @Test("A keyless name is refused with the nearest; a parameter that makes no sense at its key")
  func refusals() throws {
    #expect(Spelling.suggestion(for: "lorenz", among: SystemCatalogue.words) == "Lorenz")
    #expect(Spelling.suggestion(for: "Rosler", among: SystemCatalogue.words) == "Rossler")
    func problems(_ word: String, _ settings: [String]) throws -> [String] {
      let diagnostics = ConfigurationDiagnostics()
      let section = try ConfigurationSection(settings, diagnostics: diagnostics)
      _ = SystemCatalogue.make(word, section, seed: 1)
      section.refuseUnknownKeys()
      return diagnostics.problems.map { "\($0.path): \($0.message)" }
    }
    #expect(try problems("Lorenz", ["roh=3"]).first?.contains("did you mean `rho`") == true)
    #expect(try problems("MackeyGlass", ["dt=0.07"]).first?.contains("whole steps") == true)
    #expect(try problems("MackeyGlass", ["tau=-1"]).first?.contains("greater than 0") == true)
    #expect(try problems("Henon", ["dt=0.5"]).first?.contains("unknown key `dt`") == true)
    #expect(try problems("equations", ["file=/nowhere.txt"]).first?.contains("cannot be read") == true)
    #expect(try problems("MackeyGlass", ["tau=17"]) == [])
  }
}
