public import Settings
internal import Tensors

extension HolsteinSystem {
  public init(_ section: ConfigurationSection, seed: UInt64) {
    let preset = section.choice(
      "preset", default: "shallow", among: HolsteinPreset.allCases.map { ($0.rawValue, $0) }, "The quench")
    var configuration = EnsembleConfiguration(preset: preset, sites: 16, seed: seed)
    configuration.sites = section.integer("sites", default: 16, "Sites L, even")
    configuration.dt = section.number("dt", default: 0.01, "Time step, ħ/t_hop")
    configuration.saveEvery = section.integer(
      "every", default: preset.saveEvery, in: 1...1_000_000, "Steps between frames")
    configuration.preSteps = section.integer("pre-steps", default: preset.preSteps, "Steps before the first frame")
    configuration.midInterval = section.flag(
      "mid-interval", default: false, "Frames carry the state half an interval before (PARC learns from it)")
    configuration.phaseOffsets = section.flag(
      "phase-offsets", default: false, "First frames are late by a random part of an interval")
    configuration.noise = section.number(
      "noise", default: 1e-4, in: 0...10, "Standard deviation of the initial noise on Q and P")
    configuration.initialCoupling = section.number(
      "initial-g", default: preset.initialCoupling, "Coupling before the quench")
    configuration.parameters.coupling = section.number(
      "g", default: preset.parameters.coupling, "Coupling after the quench")
    configuration.parameters.k0 = section.number(
      "k0", default: preset.parameters.k0, "K₀, the phonon frequency over the hopping")
    configuration.parameters.eta = section.number(
      "eta", default: preset.parameters.eta, "η, the electrons' force over g")
    configuration.integrator = section.choice(
      "integrator", default: Integrator.rungeKutta4.rawValue, among: Integrator.allCases.map { ($0.rawValue, $0) },
      "How time advances")
    configuration.schedule = CouplingSchedule(section.section("schedule", "g(t) after the quench"))
    configuration.noiseOnMomenta = section.flag(
      "noise-on-momenta", default: true, "P gets the initial noise, too (the paper's text: Q alone)")
    configuration.parameters.thermalEnergy = section.number(
      "temperature", default: configuration.parameters.thermalEnergy, in: 1e-12...1e6, "k_B T of the initial electrons")
    let disorder = section.number(
      "disorder", default: 0, in: 0...1e3, "Width W of the on-site energies, uniform in ±W/2, one draw for the run")
    do {
      try configuration.validate()
      if disorder > 0 {
        var random = CounterRandom(seed: seed, purpose: .disorder)
        configuration.parameters.disorder = (0..<configuration.sites).map { _ in disorder * (random.uniform() - 0.5) }
      }
      try self.init(configuration)
    } catch {
      section.problem(error.message, key: error.key ?? "dt")
      try! self.init(EnsembleConfiguration(preset: preset, sites: 16, seed: seed))
    }
  }
}

extension CouplingSchedule {
  private enum Shape: String, CaseIterable { case constant, ramp, pulse, oscillation, points }

  /// Reads the keys of a schedule; what is wrong is reported to the section, and the coupling then stays.
  init(_ section: ConfigurationSection) {
    let shape = section.choice(
      "shape", default: "constant", among: Shape.allCases.map { ($0.rawValue, $0) }, "What changes")
    let target = section.number("to", default: 1, "Coupling at the end of a ramp")
    let start = section.number("start", default: 0, "Time at which a ramp begins")
    let duration = section.number("duration", default: 10, "Length of a ramp")
    let height = section.number("height", default: 0.1, "Height of a pulse")
    let centre = section.number("centre", default: 50, "Time of a pulse")
    let width = section.number("width", default: 5, "Standard deviation of a pulse")
    let amplitude = section.number("amplitude", default: 0.1, "Amplitude of an oscillation")
    let period = section.number("period", default: 20, "Period of an oscillation")
    let points = section.list("points", "Corners of straight lines: { time, g }") { point in
      Point(time: point.number("time", default: 0, "Time"), coupling: point.number("g", default: 1, "Coupling"))
    }
    let schedule: CouplingSchedule =
      switch shape {
      case .constant: .constant
      case .ramp: .ramp(to: target, start: start, duration: duration)
      case .pulse: .pulse(height: height, centre: centre, width: width)
      case .oscillation: .oscillation(amplitude: amplitude, period: period)
      case .points: .points(points ?? [])
      }
    do {
      try schedule.validate()
      self = schedule
    } catch {
      section.problem(error.message)
      self = .constant
    }
  }
}
