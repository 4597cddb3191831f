import Settings
import Testing
import Trajectories

@testable import Systems

@Suite("Systems read their own keys")
struct SettingsTests {
  private func problems(_ word: String, _ settings: [String]) throws -> [String] {
    let diagnostics = ConfigurationDiagnostics()
    let section = try ConfigurationSection(settings, diagnostics: diagnostics)
    let system = try #require(SystemCatalogue.make(word, section, seed: 1))
    // Whatever was wrong, there is a system that can be described.
    #expect(system.layout.count > 0 && system.attributes["system"] == .text(word))
    section.refuseUnknownKeys()
    return diagnostics.problems.map { "\($0.path): \($0.message)" }
  }

  @Test("The chain's keys are those of earlier pipeline files, with their defaults")
  func keys() {
    let section = ConfigurationSection.listing()
    let system = HolsteinSystem(section, seed: 0)
    #expect(
      section.keys.map { "\($0.name)=\($0.value)" } == [
        "preset=shallow", "sites=16", "dt=0.01", "every=64", "pre-steps=0", "mid-interval=false", "phase-offsets=false",
        "noise=0.0001", "initial-g=0.5", "g=0.8", "k0=0.3", "eta=0.8", "integrator=rk4", "schedule=…",
        "noise-on-momenta=true", "temperature=1e-08", "disorder=0.0",
      ])
    #expect(system.configuration == EnsembleConfiguration(preset: .shallow, sites: 16, seed: 0))
  }

  @Test("A value that cannot be is a problem at its key")
  func refusals() throws {
    for (settings, key) in [
      (["sites=7"], "sites"), (["sites=0"], "sites"), (["sites=1000000000000"], "sites"), (["dt=0.7"], "dt"),
      (["dt=-1"], "dt"), (["dt=nan"], "dt"), (["g=1e300"], "g"), (["k0=0"], "k0"), (["eta=-1"], "eta"),
      (["every=3", "mid-interval=true"], "mid-interval"), (["pre-steps=9223372036854775807"], "pre-steps"),
      (["initial-g=1e99"], "initial-g"), (["schedule.shape=ramp", "schedule.duration=0"], "schedule"),
      (["schedule.shape=points"], "schedule"), (["disorder=inf"], "disorder"), (["sight=3"], ""),
    ] {
      let found = try problems("holstein", settings)
      #expect(found.count == 1 && found[0].hasPrefix(key + ":"), "\(settings): \(found)")
    }
    #expect(try problems("lorenz-63", ["every=5", "mid-interval=true"]).first?.hasPrefix("mid-interval:") == true)
    #expect(try problems("lorenz-96", ["sites=3"]).first?.hasPrefix("sites:") == true)
    #expect(try problems("kuramoto-sivashinsky", ["dt=0"]).first?.hasPrefix("dt:") == true)
    #expect(try problems("lorenz-63", ["rho=28", "sigma=10", "dt=0.02", "every=4", "transient=0"]) == [])
  }

  @Test("Disorder is one draw for the run's seed")
  func disorder() throws {
    func chain(_ seed: UInt64) throws -> HolsteinSystem {
      HolsteinSystem(
        try ConfigurationSection(["disorder=0.5", "sites=8"], diagnostics: ConfigurationDiagnostics()), seed: seed)
    }
    let energies = try #require(try chain(1).parameters.disorder)
    #expect(energies.count == 8 && energies.allSatisfy { abs($0) <= 0.25 })
    #expect(try chain(1).parameters.disorder == energies && chain(2).parameters.disorder != energies)
  }

  @Test("Numbers of trajectories that no machine holds and states of another system are refused in words")
  func ensembles() throws {
    for word in SystemCatalogue.all.map({ $0.word }) {
      let system = try #require(SystemCatalogue.make(word, .listing(), seed: 1))
      for numbers in [0..<0, -1..<1, 0..<Int.max, 0..<1 << 33, (Int.max - 1)..<Int.max] {
        #expect(throws: SystemError.self) { try system.ensemble(numbers, seed: 1, workers: 1) }
      }
      let other = State<Double>(zero: StateLayout([Field("other")]))
      var broken = State<Double>(zero: system.layout)
      broken.values[0] = .nan
      for states in [[], [other], [broken]] {
        #expect(throws: SystemError.self) { try system.ensemble(from: states, firstTime: 0, workers: 1) }
      }
      #expect(throws: SystemError.self) {
        try system.ensemble(from: [State(zero: system.layout)], firstTime: .nan, workers: 1)
      }
      for dt in [0, -1, Double.nan, .infinity, 1e-300] {
        #expect(throws: SystemError.self) { try system.with(dt: dt, saveEvery: 2, midInterval: false) }
      }
      #expect(throws: SystemError.self) { try system.with(dt: system.dt, saveEvery: 3, midInterval: true) }
    }
  }
}
