/// What every emitted frame must satisfy; a frame that does not is kept from the trainer.
///
/// Remembers two numbers for every trajectory it has seen: make a new one for each ensemble of a long run.
public struct FrameContract: Sendable {
  public var tolerance = 1e-9
  /// Largest energy change per site since a trajectory's first frame, units of the hopping.
  public var energyTolerance = 1e-4
  /// Largest |Tr ρ − n̄ L| per site: wider, because the chemical potential of a cold lattice has only so many digits.
  public var fillingTolerance = 1e-6
  private let parameters: HolsteinParameters
  /// Whether the energy must stay: not while g changes.
  private let conservesEnergy: Bool
  private var first: [Int: (number: Double, energy: Double)] = [:]

  /// - Parameter schedule: A coupling that changes does work, so the energy is then not checked.
  public init(_ parameters: HolsteinParameters, schedule: CouplingSchedule = .constant) {
    self.parameters = parameters
    conservesEnergy = schedule == .constant
  }

  /// Why the frame is refused; nil when it is sound.
  public mutating func violation(of frame: Frame) -> String? {
    let state = frame.state
    guard state.rho.allSatisfy(\.isFinite), state.q.allSatisfy(\.isFinite), state.p.allSatisfy(\.isFinite) else {
      return "a value is not finite"
    }
    let number = state.particleNumber
    let energy = state.energy(parameters)
    let start = first[frame.trajectory] ?? (number, energy)
    let expected = parameters.filling * Double(state.sites)
    if abs(number - expected) > fillingTolerance * Double(state.sites) {
      return "Tr ρ is \(number) where the filling says \(expected)"
    }
    if abs(number - start.number) > tolerance * Double(state.sites) {
      return "Tr ρ changed from \(start.number) to \(number)"
    }
    if let site = (0..<state.sites).first(where: { !(-tolerance...1 + tolerance).contains(state.density($0)) }) {
      return "the density at site \(site) is \(state.density(site))"
    }
    let defect = state.hermiticityDefect
    if defect > tolerance { return "ρ is not Hermitian: \(defect)" }
    if conservesEnergy, abs(energy - start.energy) > energyTolerance * Double(state.sites) {
      return "the energy changed from \(start.energy) to \(energy); take a smaller time step"
    }
    // Only a sound frame becomes what later ones are held against.
    first[frame.trajectory] = start
    return nil
  }
}
