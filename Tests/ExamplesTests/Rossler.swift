import Settings
import Tensors
import Trajectories

@testable import Systems

/// Rössler's attractor: du/dt = −v − w, dv/dt = u + a v, dw/dt = b + w (u − c).
///
/// O. E. Rössler, Phys. Lett. A 57 (1976) 397. Largest Lyapunov exponent at the standard parameters: 0.071.
struct Rossler: AutonomousSystem {
  static let word = "rossler"
  static let summary = "Rössler's attractor, the simplest chaos of a flow."

  var a = 0.2
  var b = 0.2
  var c = 5.7
  var sampling = Sampling(dt: 0.02, saveEvery: 10, transient: 2000)

  /// From a pipeline file, or from `--set` of a command: reading a key declares it.
  init(_ section: ConfigurationSection, seed: UInt64) {
    sampling = Sampling(section, fallback: sampling)
    a = section.number("a", default: a, in: 0...1, "a")
    b = section.number("b", default: b, in: 0...1, "b")
    c = section.number("c", default: c, in: 0...100, "c")
  }

  /// From what a store says of it.
  init(attributes: [String: Attribute]) throws(SystemError) {
    let reader = try AttributeReader(attributes, system: Self.word, keys: Sampling.keys.union(["a", "b", "c"]))
    (a, b, c) = (try reader.number("a"), try reader.number("b"), try reader.number("c"))
    sampling = try Sampling(reader)
    try validate()
  }

  var parameters: [String: Attribute] { ["a": .number(a), "b": .number(b), "c": .number(c)] }

  func validate() throws(SystemError) {
    try SystemError.check(a, in: 0...1, "a")
    try SystemError.check(b, in: 0...1, "b")
    try SystemError.check(c, in: 0...100, "c")
  }

  let layout = StateLayout([Field("u"), Field("v"), Field("w")])

  func initialState(seed: UInt64, trajectory: Int) -> [Double] {
    var random = CounterRandom(seed: seed, purpose: .initialState, trajectory: UInt64(trajectory))
    return [random.normal(), random.normal(), 0.1 * random.uniform()]
  }

  func derivative(_ s: UnsafePointer<Double>, _ rate: UnsafeMutablePointer<Double>) {
    rate[0] = -s[1] - s[2]
    rate[1] = s[0] + a * s[1]
    rate[2] = b + s[2] * (s[0] - c)
  }
}
