import Foundation
import Settings
import TestSupport
import Testing
import Trajectories

@testable import Systems

@Suite("Steps of equations")
struct EquationStepTests {
  private func system(_ text: String) throws -> EquationSystem {
    try EquationSystem(EquationFile.read(text)[0], isOwn: true)
  }

  /// Of x at time 2 of dx/dt = −(π/2) x(t − 1), whose solution is cos(πt/2), from its exact past.
  private func delayError(steps: Int) throws -> Double {
    let text =
      "delay D\nparameter tau = 1\ndelay tau\nstate x = 1\nx' = -pi/2*x_tau\nstep tau/\(steps) every \(2 * steps)"
    let system = try system(text)
    let past = (0..<(steps + 2)).map { cos(.pi / 2 * -Double($0) / Double(steps)) }
    var ensemble = try system.ensemble(from: [State(system.layout, past)])
    _ = try ensemble.advance()
    return abs(try ensemble.advance()[0].state.values[0] - cos(.pi))
  }

  @Test("A flow with a delay converges at fourth order to an exact solution")
  func delay() throws {
    let (coarse, fine) = (try delayError(steps: 20), try delayError(steps: 40))
    #expect(fine < 1e-7 && coarse / fine > 12 && coarse / fine < 20, "\(coarse), \(fine)")
  }

  @Test("A delay system goes on from a stored state to the same bits, however its steps are cut")
  func resumed() throws {
    let kind = try #require(SystemCatalogue.kind("MackeyGlass"))
    let system = kind.make(try ConfigurationSection(["every=7", "transient=5"], diagnostics: .init()), seed: 1)
    var whole = try system.ensemble(0..<1, seed: 2, workers: 1)
    let frames = try (0..<200).map { _ in try whole.advance()[0] }
    var rest = try system.ensemble(from: [frames[150].state], firstTime: frames[150].time, workers: 1)
    for k in 150..<200 { #expect(try rest.advance()[0].state == frames[k].state) }
    #expect(system.tendency(of: frames[0].state, at: 0) == nil)
  }

  @Test("A flow converges at fourth order, and eight abreast have the bits of one alone")
  func flow() throws {
    let system = try system(
      "flow Turn\nparameter w = 2\nstate x = 1\nstate y = 0\nx' = -w*y\ny' = w*x\nstep 0.05 every 20")
    func error(_ dt: Double) throws -> Double {
      var values = [1.0, 0]
      try system.with(dt: dt, saveEvery: 1, midInterval: false).advance(
        &values, from: 0, steps: Int((1 / dt).rounded()))
      return abs(values[0] - cos(2))
    }
    let ratio = try error(0.05) / error(0.025)
    #expect(ratio > 14 && ratio < 18, "\(ratio)")
    let lorenz = SystemCatalogue.kind("Lorenz")!.make(.listing(), seed: 1)
    var many = try lorenz.ensemble(0..<11, seed: 4, workers: 2)
    var one = try lorenz.ensemble(9..<10, seed: 4, workers: 1)
    for _ in 0..<3 { #expect(try many.advance()[9] == one.advance()[0]) }
  }

  @Test("A map is applied once a step")
  func map() throws {
    let system = try system("map Square\nstate x = 0.5\nx' = x^2 - 1")
    var values = [0.5]
    system.advance(&values, from: 0, steps: 3)
    func next(_ x: Double) -> Double { x * x - 1 }
    #expect(values == [next(next(next(0.5)))])
    #expect(throws: SystemError.self) { try system.with(dt: 0.5, saveEvery: 2, midInterval: false) }
  }

  @Test("The equations of a user's file are simulated, and stored with the frames")
  func own() async throws {
    try await withTemporaryDirectory { folder in
      let file = folder.appending(path: "mine.txt")
      try
        "flow First\nstate x = 1\nx' = -x\n\nflow Other\nparameter k = 3\nstate u = 2\nu' = -k*u\nstep 0.01 every 10\n"
        .write(to: file, atomically: true, encoding: .utf8)
      let diagnostics = ConfigurationDiagnostics()
      let section = try ConfigurationSection(
        ["file=\(file.path)", "name=Other", "k=2", "spread=0", "transient=0"], diagnostics: diagnostics)
      let system = try #require(SystemCatalogue.make("equations", section, seed: 1))
      #expect(diagnostics.problems.isEmpty && system.name == "equations")
      var ensemble = try system.ensemble(0..<1, seed: 1, workers: 1)
      _ = try ensemble.advance()
      #expect(abs(try ensemble.advance()[0].state.values[0] - 2 * exp(-0.2)) < 1e-9)
      // The store needs the file no longer.
      try FileManager.default.removeItem(at: file)
      let again = try #require(try SystemCatalogue.make(attributes: system.attributes, layout: system.layout))
      #expect(again.attributes == system.attributes)
    }
  }

  @Test("The survey finds the steps that a frame needs")
  func survey() throws {
    let system = try system(
      "flow Turn\nparameter w = 1\nstate x = 1\nstate y = 0\nx' = -w*y\ny' = w*x\nstep 0.5 every 1")
    let survey = try #require(try SystemSurvey(system, frames: 400))
    #expect(survey.steps == 8 && abs(survey.deviation[0] - 0.5.squareRoot()) < 0.02 && survey.error < 1e-6)
    let blown = try self.system("flow Up\nstate x = 1\nx' = x^2\nstep 0.5 every 1")
    #expect(try SystemSurvey(blown, frames: 400) == nil)
  }
}
